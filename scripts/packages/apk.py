"""A package for apk v3 (OpenWrt 25.12 and later)."""

import hashlib
import os
import zlib

import adb
import tree as content

SCRIPT = """#!/bin/sh
[ "${{IPKG_NO_SCRIPT}}" = "1" ] && exit 0
[ -s "${{IPKG_INSTROOT}}/lib/functions.sh" ] || exit 0
. "${{IPKG_INSTROOT}}/lib/functions.sh"
export root="${{IPKG_INSTROOT}}"
export pkgname="{name}"
{calls}
"""

# Fields of the package's description, by their number in the format.
NAME, VERSION, HASHES, DESCRIPTION, ARCH, LICENSE, ORIGIN, MAINTAINER = range(1, 9)
INSTALLED_SIZE, PRIORITY, DEPENDS, PROVIDES, TAGS = 0x0C, 0x0E, 0x0F, 0x10, 0x15


def with_records(name, tree):
    """The files beside apk's own database that OpenWrt's functions read."""
    whole = content.Tree()
    whole.entries = dict(tree.entries)
    listed = "".join(f"/{path}\n" for path in tree.files())
    folder = "/lib/apk/packages/" + name
    whole.file(folder + ".list", listed)
    whole.file(folder + ".conffiles", "".join(f"{path}\n" for path in content.CONFFILES))
    whole.file(folder + ".conffiles_static", "".join(
        f"{path} {hashlib.sha256(tree.entries[path.strip('/')][1]).hexdigest()}\n" for path in content.CONFFILES))
    whole.file(folder + ".rusers", content.USER + "\n")
    return whole


def scripts(name):
    def script(*calls):
        return SCRIPT.format(name=name, calls="\n".join(calls))
    return {
        3: script("add_group_and_user", "default_postinst"),
        4: script("default_prerm"),
        7: script("export PKG_UPGRADE=1", "add_group_and_user", "default_postinst"),
    }


def build(name, tree, architecture, date):
    tree = with_records(name, tree)
    base = adb.Database()
    version = f"{content.version()}-{content.RELEASE}"
    others = [other for other in content.VARIANTS if other != name]
    info = {
        NAME: base.text(name),
        VERSION: base.text(version),
        DESCRIPTION: base.text(content.ABOUT),
        ARCH: base.text(architecture),
        LICENSE: base.text(content.LICENSE),
        ORIGIN: base.text("feeds/ironmasq/ironmasq"),
        MAINTAINER: base.text(content.MAINTAINER),
    }
    if name == "ironmasq":
        info[PRIORITY] = base.number(100)
    # Two packages that provide dnsmasq in some version exclude each other already.
    info[DEPENDS] = base.relations(["libc", "!dnsmasq-dhcpv6", "!dnsmasq-full"] + ["!" + other for other in others])
    info[PROVIDES] = base.relations([f"dnsmasq={content.STANDS_FOR}-{content.RELEASE}", f"{name}-any"])
    info[TAGS] = base.array([base.text("openwrt:section=net")])

    paths, bodies = directories(base, tree, date)
    info[INSTALLED_SIZE] = base.number(tree.size())
    # Not known before all the rest is.
    info[HASHES] = base.text(bytes(20), once=False)
    identity_at = (info[HASHES] & 0x0FFFFFFF) + 1
    described = base.object(info)
    paths = base.array(paths)
    attached = base.object({number: base.text(text) for number, text in scripts(name).items()})
    base.finish(base.object({1: described, 2: paths, 3: attached}))
    base.bytes[identity_at:identity_at + 20] = adb.identity(base)

    whole = b"ADB.pckg" + adb.block(adb.BLOCK_DATABASE, bytes(base.bytes))
    for where, data in bodies:
        whole += adb.block(adb.BLOCK_DATA, where + data)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"ADBd" + squeeze.compress(whole) + squeeze.flush()


def directories(base, tree, date):
    """The folders with their files, and what is in the files by its place."""
    paths, bodies = [], []
    folders = [""] + sorted(path for path, (mode, _) in tree.entries.items() if mode & 0o170000 == 0o040000)
    for number, folder in enumerate(folders, 1):
        files = []
        inside = sorted(path for path in tree.files() if os.path.dirname(path) == folder)
        for path in inside:
            mode, data = tree.entries[path]
            entry = {1: base.text(os.path.basename(path))}
            if mode & 0o170000 == 0o100000:
                entry[5] = base.text(hashlib.sha256(data).digest())
            entry[4] = base.number(date)
            entry[3] = base.number(len(data))
            entry[2] = rights(base, mode)
            files.append(base.object(entry))
            if data:
                bodies.append((number.to_bytes(4, "little") + len(files).to_bytes(4, "little"), data))
        mode = tree.entries[folder][0] if folder else 0o755
        entry = {1: base.text(folder)}
        entry[2] = rights(base, mode)
        entry[3] = base.array(files)
        paths.append(base.object(entry))
    return paths, bodies


def rights(base, mode):
    return base.object({1: base.number(mode & 0o7777), 2: base.text("root"), 3: base.text("root")})
