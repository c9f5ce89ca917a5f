"""A package for Debian and its kin: an ar archive of three members."""

import os

import archive
import tree as content

NOTE = """ironmasq {version}, {licence}. The texts of the licences:

"""

# /etc/ironmasq.conf is written once and is its owner's from then on. Who comes from
# dnsmasq goes on with its files, and with what Debian's service gives it beside them.
POSTINST = """#!/bin/sh
set -e
[ "$1" = configure ] || exit 0
getent passwd dnsmasq >/dev/null || useradd --system --no-create-home --home-dir /var/lib/misc \\
	--gid nogroup --shell /usr/sbin/nologin dnsmasq
mkdir -p /var/lib/misc
if [ -e /etc/ironmasq.conf ]; then
	: # its owner's
elif [ -e /etc/dnsmasq.conf ]; then
	{
		echo "# What dnsmasq was told; take the files over before its package is purged, or they go with it."
		echo "# /usr/share/ironmasq/ironmasq.conf is an example to start anew."
		echo "conf-file=/etc/dnsmasq.conf"
		[ ! -d /etc/dnsmasq.d ] || echo "conf-dir=/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new"
		echo "local-service"
	} >/etc/ironmasq.conf
	if grep -Eqs '^(DNSMASQ_|MAIL|DHCP_LEASE|DOMAIN_SUFFIX|RESOLV_CONF|CACHESIZE)' /etc/default/dnsmasq; then
		echo "ironmasq: what /etc/default/dnsmasq says is not read; it can stand in /etc/ironmasq.conf" >&2
	fi
else
	cp /usr/share/ironmasq/ironmasq.conf /etc/ironmasq.conf
fi
command -v systemctl >/dev/null || exit 0
# Only the first time: later it is as its owner left it.
[ -n "$2" ] || systemctl enable ironmasq.service
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	if [ -n "$2" ]; then
		systemctl try-restart ironmasq.service || true
	else
		systemctl restart ironmasq.service || true
	fi
fi
"""

PRERM = """#!/bin/sh
set -e
if [ "$1" = remove ] && command -v systemctl >/dev/null; then
	[ ! -d /run/systemd/system ] || systemctl stop ironmasq.service || true
	systemctl disable ironmasq.service || true
fi
"""

POSTRM = """#!/bin/sh
set -e
[ "$1" != purge ] || rm -f /etc/ironmasq.conf
[ ! -d /run/systemd/system ] || systemctl daemon-reload
"""


def build(program, architecture, date):
    files = content.Tree()
    files.copy("/usr/sbin/ironmasq", program, 0o755)
    # Whoever calls dnsmasq gets us.
    files.link("/usr/sbin/dnsmasq", "ironmasq")
    files.copy("/usr/share/ironmasq/ironmasq.conf", "linux/ironmasq.conf")
    files.copy("/usr/lib/systemd/system/ironmasq.service", "linux/ironmasq.service")
    with open(os.path.join(content.HOME, "src/manual/ironmasq.8"), "rb") as manual:
        files.file("/usr/share/man/man8/ironmasq.8.gz", archive.packed(manual.read()))
    files.copy("/usr/share/bash-completion/completions/ironmasq", "src/manual/ironmasq.bash")
    licences = NOTE.format(version=content.version(), licence=content.LICENSE)
    for name in ("LICENSE-MIT", "LICENSE-APACHE"):
        licences += open(os.path.join(content.HOME, name)).read() + "\n"
    files.file("/usr/share/doc/ironmasq/copyright", licences)

    control = "".join(f"{key}: {value}\n" for key, value in [
        ("Package", "ironmasq"),
        ("Version", f"{content.version()}-{content.RELEASE}"),
        ("Architecture", architecture),
        ("Maintainer", content.MAINTAINER + " <ironmasq@localhost>"),
        ("Installed-Size", str((files.size() + 1023) // 1024)),
        ("Provides", f"dnsmasq-base (= {content.STANDS_FOR}), dnsmasq (= {content.STANDS_FOR})"),
        ("Conflicts", "dnsmasq-base, dnsmasq"),
        ("Replaces", "dnsmasq-base, dnsmasq"),
        ("Section", "net"),
        ("Priority", "optional"),
        ("Description", "DNS forwarder, DHCP and TFTP server\n " + content.ABOUT),
    ])
    members = content.Tree()
    members.file("control", control)
    members.file("postinst", POSTINST, 0o755)
    members.file("prerm", PRERM, 0o755)
    members.file("postrm", POSTRM, 0o755)
    return archive.ar([
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", archive.packed(archive.tar(members.sorted(), date))),
        ("data.tar.gz", archive.packed(archive.tar(files.sorted(), date))),
    ], date)
