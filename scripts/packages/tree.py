"""What a package holds: files by path, with modes, owned by root, all of one date."""

import os
import re
import subprocess

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Static binaries depend on nothing, so one serves every CPU of its family, with or
# without a floating-point unit. MIPS: release 2 of the instruction set.
ARCHITECTURES = {
    "x86_64-unknown-linux-musl": ["x86_64"],
    "mips-unknown-linux-musl": ["mips_24kc"],
    "mipsel-unknown-linux-musl": ["mipsel_24kc", "mipsel_74kc"],
    "armv7-unknown-linux-musleabi": [
        "arm_cortex-a5_vfpv4", "arm_cortex-a7", "arm_cortex-a7_neon-vfpv4", "arm_cortex-a7_vfpv4",
        "arm_cortex-a8_vfpv3", "arm_cortex-a9", "arm_cortex-a9_neon", "arm_cortex-a9_vfpv3-d16",
        "arm_cortex-a15_neon-vfpv4"],
    "aarch64-unknown-linux-musl": [
        "aarch64_cortex-a53", "aarch64_cortex-a72", "aarch64_cortex-a76", "aarch64_generic"],
}
DEBIAN = {
    "x86_64-unknown-linux-musl": "amd64",
    "mips-unknown-linux-musl": "mips",
    "mipsel-unknown-linux-musl": "mipsel",
    "armv7-unknown-linux-musleabi": "armhf",
    "aarch64-unknown-linux-musl": "arm64",
}

# Name of the package -> parts of the program (None: all) and what the title says of them.
VARIANTS = {
    "ironmasq": ("dhcp4,script,tftp,ubus", ""),
    "ironmasq-full": (None, " (with authoritative zones, ipset, nftset and conntrack)"),
}

# Which of dnsmasq's versions this stands in for.
STANDS_FOR = "2.93"
RELEASE = "r1"
MAINTAINER = "The ironmasq developers"
LICENSE = "MIT OR Apache-2.0"
USER = "dnsmasq=453:dnsmasq=453"
ABOUT = ("DNS forwarder and cache, DHCP and TFTP server: reads the configuration of dnsmasq and behaves as it "
         "does, in one thread, with memory that is fixed at start.")
CONFFILES = ["/etc/config/dhcp", "/etc/dnsmasq.conf"]


def version():
    text = open(os.path.join(HOME, "Cargo.toml")).read()
    return re.search(r'^version = "([^"]+)"', text, re.M).group(1)


def date():
    """Of everything in a package: given, or that of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    told = subprocess.run(["git", "-C", HOME, "log", "-1", "--format=%ct"], capture_output=True, text=True)
    return int(told.stdout) if told.returncode == 0 else 0


class Tree:
    """path -> (mode, bytes), or (mode, None) for a folder; links are (0o120777, target)."""

    def __init__(self):
        self.entries = {}

    def folder(self, path, mode=0o755):
        path = path.strip("/")
        while path:
            self.entries.setdefault(path, (0o040000 | mode, None))
            path, mode = os.path.dirname(path), 0o755

    def file(self, path, data, mode=0o644):
        path = path.strip("/")
        self.folder(os.path.dirname(path))
        self.entries[path] = (0o100000 | mode, data if isinstance(data, bytes) else data.encode())

    def link(self, path, target):
        path = path.strip("/")
        self.folder(os.path.dirname(path))
        self.entries[path] = (0o120777, target.encode())

    def copy(self, path, source, mode=0o644):
        with open(os.path.join(HOME, source), "rb") as file:
            self.file(path, file.read(), mode)

    def files(self):
        return sorted(path for path, (mode, _) in self.entries.items() if mode & 0o170000 != 0o040000)

    def sorted(self):
        """Folders before what is in them."""
        return sorted(self.entries.items(), key=lambda entry: entry[0].split("/"))

    def size(self):
        return sum(len(data) for mode, data in self.entries.values() if mode & 0o170000 == 0o100000)


def openwrt(binary):
    """What both formats of OpenWrt hold, whatever the variant."""
    tree = Tree()
    for line in open(os.path.join(HOME, "openwrt/ironmasq/install.list")):
        if line.startswith("#"):
            continue
        mode, path, name = line.split()
        if name == "-":
            tree.folder(path, int(mode, 8))
        else:
            tree.copy(path, f"openwrt/ironmasq/files/{name}", int(mode, 8))
    tree.file("/lib/upgrade/keep.d/ironmasq", "/etc/dnsmasq.d/\n")
    tree.copy("/usr/sbin/dnsmasq", binary, 0o755)
    return tree
