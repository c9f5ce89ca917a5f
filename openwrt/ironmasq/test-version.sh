#!/bin/sh
# In place of the CI's own check of `--version`, whose first line tells dnsmasq's.
dnsmasq --version | grep -qF "ironmasq ${2%-r*}"
