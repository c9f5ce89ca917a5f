"""A small OpenWrt in a folder: busybox, uci, jshn, our package's files and stand-ins
for procd and netifd. The init script runs in it under chroot, so every path in it is
the real one. Wants root."""

import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
FILES = os.path.join(REPO, "openwrt/ironmasq/files")
TOOLS = os.path.join(REPO, "target/openwrt/tools")

APPLETS = """ash sh cat cp chmod chown cut env find grep head ls ln mkdir mv printf rm sed sleep sort
tail touch tr true false test id""".split()



def installed():
    """What the package puts where: path, our file or "-" for a folder, mode."""
    for line in open(os.path.join(REPO, "openwrt/ironmasq/install.list")):
        if not line.startswith("#"):
            mode, path, name = line.split()
            yield path.lstrip("/"), name, int(mode, 8)


PLAIN = ("IPv6 GNU-getopt no-DBus UBus no-i18n no-IDN DHCP no-DHCPv6 no-Lua TFTP no-conntrack no-ipset "
         "no-nftset no-auth no-DNSSEC loop-detect inotify dumpfile")
FULL = ("IPv6 GNU-getopt no-DBus UBus no-i18n no-IDN DHCP DHCPv6 no-Lua TFTP conntrack ipset "
        "nftset auth DNSSEC loop-detect inotify dumpfile")


def tools():
    """The real uci and jshn; where their sources cannot be had, there is nothing to test with."""
    made = subprocess.run([os.path.join(HERE, "tools/build"), TOOLS], capture_output=True, text=True)
    if made.returncode != 0:
        print("uci and jshn cannot be built here, left out:\n" + made.stderr)
        sys.exit(0)


def put(root, path, text, mode=0o644):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)


def copy_program(source, root, path):
    """A program and the shared libraries it wants."""
    target = os.path.join(root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy2(os.path.realpath(source), target)
    wanted = subprocess.run(["ldd", source], capture_output=True, text=True).stdout
    for library in re.findall(r"(/\S+)", wanted):
        to = os.path.join(root, library.lstrip("/"))
        if os.path.isfile(library) and not os.path.exists(to):
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy2(library, to)


class Router:
    """One router; `program` is our binary or None for a stand-in that only tells `words`."""

    def __init__(self, root, program):
        self.root = root
        shutil.rmtree(root, ignore_errors=True)
        for folder in "bin sbin usr/bin usr/sbin etc/config etc/init.d tmp/run tmp/state dev lib".split():
            os.makedirs(os.path.join(root, folder))
        os.symlink("tmp", os.path.join(root, "var"))
        with open(os.path.join(root, "dev/null"), "w"):
            os.chmod(os.path.join(root, "dev/null"), 0o666)
        os.remove(os.path.join(root, "dev/null"))
        os.mknod(os.path.join(root, "dev/null"), 0o020666, os.makedev(1, 3))
        os.mknod(os.path.join(root, "dev/urandom"), 0o020666, os.makedev(1, 9))

        copy_program(shutil.which("busybox"), root, "bin/busybox")
        for applet in APPLETS:
            os.symlink("busybox", os.path.join(root, "bin", applet))
        os.symlink("/bin/env", os.path.join(root, "usr/bin/env"))
        shutil.copytree(os.path.join(HERE, "root"), root, dirs_exist_ok=True)
        copy_program(os.path.join(TOOLS, "uci"), root, "sbin/uci")
        copy_program(os.path.join(TOOLS, "jshn"), root, "usr/bin/jshn")
        put(root, "usr/share/libubox/jshn.sh", open(os.path.join(TOOLS, "jshn.sh")).read())
        if program:
            copy_program(program, root, "usr/sbin/ironmasq")

        for path, name, mode in installed():
            if name == "-":
                os.makedirs(os.path.join(root, path), exist_ok=True)
            else:
                put(root, path, open(os.path.join(FILES, name)).read(), mode)
        put(root, "etc/passwd", "root:x:0:0:root:/root:/bin/ash\ndnsmasq:x:453:453:dnsmasq:/var/run/dnsmasq:/bin/false\n")
        put(root, "etc/group", "root:x:0:\ndnsmasq:x:453:\n")
        put(root, "etc/hosts", "127.0.0.1 localhost\n")
        put(root, "etc/config/system", "config system\n\toption hostname OpenWrt\n")
        put(root, "etc/config/network", "config globals globals\n\toption ula_prefix fd00:1234:5678::/48\n")
        put(root, "bin/logger", '#!/bin/sh\nprintf "LOGGER: %s\\n" "$*" >>/calls\n', 0o755)
        put(root, "sbin/udhcpc", '#!/bin/sh\necho "UDHCPC: $*" >>/calls\n[ -e /another-server ]\n', 0o755)
        put(root, "bin/pidof", "#!/bin/sh\n[ -e /running ]\n", 0o755)
        put(root, "bin/ubus", '#!/bin/sh\nprintf "UBUS: %s\\n" "$*" >>/calls\n', 0o755)
        put(root, "usr/sbin/nft", '#!/bin/sh\n[ "$6" = known ] && echo "		type ipv6_addr"\n', 0o755)
        self.words(PLAIN)
        self.odhcpd(enabled=True)

    def path(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def words(self, words):
        """What `--version` tells; everything else is the real program's affair."""
        put(self.root, "usr/sbin/dnsmasq", f"""#!/bin/sh
case "$1" in
--version) echo "Dnsmasq version 2.93"; echo "Compile time options: {words}" ;;
*) [ ! -x /usr/sbin/ironmasq ] || exec /usr/sbin/ironmasq "$@" ;;
esac
""", 0o755)

    def odhcpd(self, enabled):
        if enabled is None:
            for path in ("usr/sbin/odhcpd", "etc/init.d/odhcpd"):
                if os.path.exists(self.path(path)):
                    os.remove(self.path(path))
        else:
            put(self.root, "usr/sbin/odhcpd", "", 0o755)
            put(self.root, "etc/init.d/odhcpd", f"#!/bin/sh\nexit {0 if enabled else 1}\n", 0o755)

    def clean(self):
        """As after a boot."""
        for folder in ("tmp",):
            shutil.rmtree(self.path(folder), ignore_errors=True)
        for folder in ("tmp/run", "tmp/state"):
            os.makedirs(self.path(folder))
        os.chmod(self.path("tmp"), 0o1777)
        for path in ("calls", "etc/networks.test", "etc/openwrt_release", "another-server", "running"):
            if os.path.exists(self.path(path)):
                os.remove(self.path(path))

    def uci(self, text):
        put(self.root, "etc/config/dhcp", text)

    def sh(self, command, **environment):
        return subprocess.run(
            ["chroot", self.root, "/bin/sh", "-c", command], capture_output=True, text=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", **environment})

    def service(self, *words):
        return self.sh("/etc/rc.common /etc/init.d/dnsmasq " + " ".join(words))

    def calls(self, kind=None):
        if not os.path.exists(self.path("calls")):
            return []
        lines = open(self.path("calls")).read().splitlines()
        if kind is None:
            return lines
        return [line[len(kind) + 2:] for line in lines if line.startswith(kind + ": ")]

    def text(self, path):
        try:
            return open(self.path(path)).read()
        except FileNotFoundError:
            return ""

    def configs(self):
        """Generated files: name -> lines that are not empty."""
        found = {}
        folder = self.path("tmp/etc")
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            found[name] = [line for line in self.text("tmp/etc/" + name).splitlines() if line]
        return found

    def hosts(self):
        found = {}
        folder = self.path("tmp/hosts")
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            found[name] = [line for line in self.text("tmp/hosts/" + name).splitlines() if line]
        return found
