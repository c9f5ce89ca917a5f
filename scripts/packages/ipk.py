"""A package for opkg (OpenWrt up to 24.10): a compressed tar of three members."""

import archive
import tree as content

# opkg gives the script's name and what it is called for; the functions are OpenWrt's.
SCRIPT = """#!/bin/sh
[ "${{IPKG_NO_SCRIPT}}" = "1" ] && exit 0
[ -s "${{IPKG_INSTROOT}}/lib/functions.sh" ] || exit 0
. "${{IPKG_INSTROOT}}/lib/functions.sh"
{call} "$0" "$@"
"""


def build(name, tree, data, architecture, date):
    """`data` is the packed tar of the tree, the same for all architectures of a binary."""
    packed, plain_size = data
    others = [other for other in content.VARIANTS if other != name]
    fields = [
        ("Package", name),
        ("Version", f"{content.version()}-{content.RELEASE}"),
        ("Depends", "libc"),
        ("Conflicts", ", ".join(["dnsmasq", "dnsmasq-dhcpv6", "dnsmasq-full"] + others)),
        ("Provides", "dnsmasq"),
        ("Source", "feeds/ironmasq/ironmasq"),
        ("SourceName", "ironmasq"),
        ("License", content.LICENSE),
        ("LicenseFiles", "LICENSE-MIT LICENSE-APACHE"),
        ("Section", "net"),
        ("Require-User", content.USER),
        ("SourceDateEpoch", str(date)),
        ("Maintainer", content.MAINTAINER),
        ("Architecture", architecture),
        ("Installed-Size", str(plain_size)),
        ("Description", " " + content.ABOUT),
    ]
    # A colon and a blank after each name; the text of Description has its blank itself.
    control = "".join(f"{key}: {value}\n" for key, value in fields)
    members = content.Tree()
    members.file("control", control)
    members.file("conffiles", "".join(f"{path}\n" for path in sorted(content.CONFFILES)))
    members.file("postinst", SCRIPT.format(call="default_postinst"), 0o755)
    members.file("prerm", SCRIPT.format(call="default_prerm"), 0o755)
    outer = [
        ("debian-binary", (0o100644, b"2.0\n")),
        ("data.tar.gz", (0o100644, packed)),
        ("control.tar.gz", (0o100644, archive.packed(archive.tar(members.sorted(), date)))),
    ]
    # The outer archive has no entry for its folder.
    return archive.packed(archive.tar([("./" + path, entry) for path, entry in outer], date, ""))


def data(tree, date):
    plain = archive.tar(tree.sorted(), date)
    return archive.packed(plain), len(plain)
