"""A package for Debian and its kin: an ar archive of three members."""

import os

import archive
import tree as content

NOTE = """ironmasq {version}, {licence}. The texts of the licences:

"""

POSTINST = """#!/bin/sh
set -e
if [ "$1" = configure ]; then
	getent passwd dnsmasq >/dev/null || useradd --system --no-create-home --home-dir /var/lib/misc \\
		--gid nogroup --shell /usr/sbin/nologin dnsmasq
	mkdir -p /var/lib/misc
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload
		systemctl enable ironmasq.service
		systemctl restart ironmasq.service || true
	fi
fi
"""

PRERM = """#!/bin/sh
set -e
if [ -d /run/systemd/system ] && [ "$1" = remove ]; then
	systemctl disable --now ironmasq.service || true
fi
"""

POSTRM = """#!/bin/sh
set -e
[ ! -d /run/systemd/system ] || systemctl daemon-reload
"""


def build(program, architecture, date):
    files = content.Tree()
    files.copy("/usr/sbin/ironmasq", program, 0o755)
    # Whoever calls dnsmasq gets us.
    files.link("/usr/sbin/dnsmasq", "ironmasq")
    files.copy("/etc/ironmasq.conf", "linux/ironmasq.conf")
    files.copy("/lib/systemd/system/ironmasq.service", "linux/ironmasq.service")
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
    members.file("conffiles", "/etc/ironmasq.conf\n")
    members.file("postinst", POSTINST, 0o755)
    members.file("prerm", PRERM, 0o755)
    members.file("postrm", POSTRM, 0o755)
    return archive.ar([
        ("debian-binary", b"2.0\n"),
        ("control.tar.gz", archive.packed(archive.tar(members.sorted(), date))),
        ("data.tar.gz", archive.packed(archive.tar(files.sorted(), date))),
    ], date)
