#!/bin/sh
# Run by a feed's CI in a root where the package $1 of version $2 is installed.
case "$1" in
ironmasq | ironmasq-full) ;;
*) exit 0 ;;
esac

dnsmasq --version | grep -qF "ironmasq ${2%-r*}" || { echo "not version $2"; exit 1; }
dnsmasq --version | grep -q '^Dnsmasq version 2\.' || { echo "not the version line that others read"; exit 1; }
dnsmasq --version | grep -q '^Compile time options: .* DHCP ' || { echo "no DHCP in it"; exit 1; }
dnsmasq --test || { echo "/etc/dnsmasq.conf as shipped is refused"; exit 1; }
for file in rfc6761 dhcpbogushostname; do
	dnsmasq --test -C "/usr/share/dnsmasq/$file.conf" || { echo "$file.conf is refused"; exit 1; }
done
