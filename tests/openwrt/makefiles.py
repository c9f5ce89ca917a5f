#!/usr/bin/env python3
"""tests/openwrt/makefiles.py PROGRAM: the package files of OpenWrt and Buildroot, run by make
with stand-ins for those build systems that say what they were told; what they install; and
Buildroot's start script with the program (root only)."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
count, failures = 0, []

# What OpenWrt's rules.mk and package.mk give, as far as our Makefile asks.
OPENWRT = """
INCLUDE_DIR:=$(TOPDIR)/include
BUILD_DIR:=/build
PKG_INSTALL_DIR:=$(TOPDIR)/made
INSTALL_DIR:=install -d -m0755
INSTALL_BIN:=install -m0755
CP:=cp -fpR
RUST_ARCH_DEPENDS:=@(x86_64)
"""
OPENWRT_PACKAGE = """
define RustBinPackage
endef
define one_package
  $(foreach field,TITLE VARIANT DEFAULT_VARIANT DEPENDS USERID PROVIDES CONFLICTS,$(eval $(field):=))
  $(eval $(Package/$(1)))
  $(foreach field,TITLE VARIANT DEFAULT_VARIANT DEPENDS USERID PROVIDES CONFLICTS,$(info $(1) $(field)=$($(field))))
  $(info $(1) conffiles=$(subst $(newline), ,$(Package/$(1)/conffiles)))
endef
define newline


endef
define BuildPackage
$(call one_package,$(1))
install-$(1):
$(call Package/$(1)/install,$(TOPDIR)/root-$(1))
endef
show:
	@echo features=$(RUST_PKG_FEATURES) args=$(CARGO_PKG_ARGS) vars=$(CARGO_PKG_VARS)
prepare:
	$(Build/Prepare)
"""
BUILDROOT = """
INSTALL:=install
TARGET_DIR:=$(OUT)
RUSTC_TARGET_NAME:=some-target
define generic-package
$(info infrastructure=generic)
endef
define cargo-package
$(info infrastructure=cargo)
endef
include $(BR2_EXTERNAL_IRONMASQ_PATH)/external.mk
$(info site=$(IRONMASQ_SITE))
$(info options=$(IRONMASQ_CARGO_BUILD_OPTS))
$(info users=$(IRONMASQ_USERS))
IRONMASQ_PKGDIR:=$(BR2_EXTERNAL_IRONMASQ_PATH)/package/ironmasq
.PHONY: $(SOURCE)/.installed
$(SOURCE)/.installed:
	$(IRONMASQ_INSTALL_TARGET_CMDS)
	$(IRONMASQ_INSTALL_INIT_SYSV)
	$(IRONMASQ_INSTALL_INIT_SYSTEMD)
"""


def check(what, right, detail=""):
    global count
    count += 1
    if not right:
        failures.append(what)
        print(f"FAILED {what}\n{detail}")


def make(*words, cwd=None):
    told = subprocess.run(["make", "--no-print-directory", *words], capture_output=True, text=True, cwd=cwd)
    check("make " + " ".join(words[-2:]), told.returncode == 0, told.stdout + told.stderr)
    return told.stdout


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def openwrt(top):
    write(f"{top}/rules.mk", OPENWRT)
    write(f"{top}/include/package.mk", OPENWRT_PACKAGE)
    write(f"{top}/feeds/packages/lang/rust/rust-package.mk", "CARGO_PKG_VARS=\nCARGO_PKG_ARGS=--locked\n")
    write(f"{top}/made/bin/ironmasq", "the program")
    here = os.path.join(REPO, "openwrt/ironmasq")
    said = make(f"TOPDIR={top}", "BUILD_VARIANT=nodhcpv6", "show", cwd=here)
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    check("small: parts", told["features"] == "dhcp4,script,tftp,ubus args=--locked --no-default-features "
          "vars=CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS=false", said)
    said_full = make(f"TOPDIR={top}", "BUILD_VARIANT=full", "show", cwd=here)
    check("full: all parts", "features= args=--locked vars=" in said_full, said_full)
    for name in ("ironmasq", "ironmasq-full"):
        check(f"{name}: provides", told[f"{name} PROVIDES"] == "dnsmasq")
        check(f"{name}: user", told[f"{name} USERID"] == "dnsmasq=453:dnsmasq=453")
        conflicts = told[f"{name} CONFLICTS"].split()
        check(f"{name}: conflicts", {"dnsmasq", "dnsmasq-dhcpv6", "dnsmasq-full"} <= set(conflicts) and name not in conflicts)
        check(f"{name}: conffiles", told[f"{name} conffiles"].split() == ["/etc/config/dhcp", "/etc/dnsmasq.conf"])
        make(f"TOPDIR={top}", "BUILD_VARIANT=full", f"install-{name}", cwd=here)
        sys.path.insert(0, os.path.join(REPO, "scripts/packages"))
        import tree
        wanted = tree.Tree()
        wanted.entries = tree.openwrt("Cargo.toml").entries
        wanted.entries["usr/sbin/dnsmasq"] = (0o100755, b"the program")
        root = f"{top}/root-{name}"
        for path, (mode, data) in wanted.entries.items():
            there = os.path.join(root, path)
            right = os.path.isdir(there) if data is None else (
                os.path.isfile(there) and open(there, "rb").read() == data and os.stat(there).st_mode & 0o777 == mode & 0o777)
            check(f"{name}: installs {path} as scripts/package packs it", right)
        found = {os.path.relpath(os.path.join(at, one), root) for at, _, names in os.walk(root) for one in names}
        check(f"{name}: nothing else", found == set(wanted.files()), str(found ^ set(wanted.files())))
    version = re.search(r"^PKG_VERSION:=(.*)$", open(f"{here}/Makefile").read(), re.M).group(1)
    check("OpenWrt: version", version == tree.version())
    make(f"TOPDIR={top}", f"BUILD_DIR={top}/b", "BUILD_VARIANT=full", "prepare", cwd=here)
    check("OpenWrt: sources", os.path.isfile(f"{top}/b/ironmasq-full/ironmasq-{version}/src/main.rs"))


def buildroot(top, program):
    external = os.path.join(REPO, "buildroot")
    write(f"{top}/Makefile", BUILDROOT)
    write(f"{top}/source/prebuilt/mips-unknown-linux-musl/ironmasq", "prebuilt")
    write(f"{top}/source/target/some-target/release/ironmasq", "made")
    shutil.copytree(os.path.join(REPO, "linux"), f"{top}/source/linux")
    version = None
    for words, infrastructure, body in (([], "cargo", "made"), (["BR2_PACKAGE_IRONMASQ_SMALL=y"], "cargo", "made"),
                                        (["BR2_PACKAGE_IRONMASQ_PREBUILT=y", "BR2_mips=y"], "generic", "prebuilt")):
        shutil.rmtree(f"{top}/out", ignore_errors=True)
        os.makedirs(f"{top}/out/etc")
        said = make(f"BR2_EXTERNAL_IRONMASQ_PATH={external}", f"OUT={top}/out", f"SOURCE={top}/source", *words,
                    f"{top}/source/.installed", cwd=top)
        told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
        check("Buildroot: infrastructure", told["infrastructure"] == infrastructure, said)
        check("Buildroot: parts", ("dhcp4,script,tftp,ubus" in told["options"]) == ("BR2_PACKAGE_IRONMASQ_SMALL=y" in words))
        check("Buildroot: user", told["users"].split()[:4] == ["dnsmasq", "453", "dnsmasq", "453"])
        check("Buildroot: program", open(f"{top}/out/usr/sbin/dnsmasq").read() == body)
        check("Buildroot: configuration", open(f"{top}/out/etc/dnsmasq.conf").read() ==
              open(os.path.join(REPO, "linux/ironmasq.conf")).read())
        check("Buildroot: start files", os.access(f"{top}/out/etc/init.d/S80dnsmasq", os.X_OK) and
              os.path.isfile(f"{top}/out/usr/lib/systemd/system/ironmasq.service"))
        version = re.search(r"ironmasq-([0-9.]+)$", told["site"]).group(1)
    cargo = re.search(r'^version = "([^"]+)"', open(os.path.join(REPO, "Cargo.toml")).read(), re.M).group(1)
    check("Buildroot: version", version == cargo)
    for line in open(f"{external}/package/ironmasq/ironmasq.hash"):
        if not line.startswith("#"):
            kind, value, name = line.split()
            check(f"Buildroot: hash of {name}", kind == "sha256" and
                  hashlib.sha256(open(os.path.join(REPO, name), "rb").read()).hexdigest() == value)
    text = open(f"{external}/package/ironmasq/Config.in").read()
    used = set(re.findall(r"BR2_PACKAGE_IRONMASQ\w*", open(f"{external}/package/ironmasq/ironmasq.mk").read()))
    known = set(re.findall(r"^config (\w+)", text, re.M))
    check("Buildroot: symbols", used <= known and "!BR2_PACKAGE_DNSMASQ" in text and "MIPS" in text, str(used - known))


def example(program):
    """The file for plain Linux is accepted whole, and so is each option it has in a comment."""
    path = os.path.join(REPO, "linux/ironmasq.conf")
    told = subprocess.run([program, "--test", "-C", path], capture_output=True, text=True)
    check("linux/ironmasq.conf", told.returncode == 0, told.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for line in open(path):
            option = re.match(r"#([a-z0-9-]+(=.*)?)$", line)
            if option and not option.group(1).startswith(("conf-file", "addn-hosts", "tftp-root")):
                write(f"{folder}/one", option.group(1) + "\n")
                told = subprocess.run([program, "--test", "-C", f"{folder}/one"], capture_output=True, text=True)
                check(f"linux/ironmasq.conf: {option.group(1)}", told.returncode == 0, told.stderr)
    unit = open(os.path.join(REPO, "linux/ironmasq.service")).read()
    if shutil.which("systemd-analyze"):
        with tempfile.TemporaryDirectory() as folder:
            # Only the program's path is of this machine.
            write(f"{folder}/ironmasq.service", unit.replace("/usr/sbin/ironmasq", program))
            told = subprocess.run(["systemd-analyze", "verify", "--man=no", f"{folder}/ironmasq.service"],
                                  capture_output=True, text=True)
            check("linux/ironmasq.service", not re.search("ironmasq.service", told.stderr), told.stderr)


def start_script(program):
    sys.path.insert(0, HERE)
    import router
    space = f"ironmasq-sysv-{os.getpid()}"
    box = tempfile.mkdtemp()
    try:
        subprocess.run(f"ip netns add {space} && ip -n {space} link set lo up", shell=True, check=True)
        os.chmod(box, 0o755)
        router.copy_program(shutil.which("busybox"), box, "bin/busybox")
        for applet in "sh cat kill sleep rm start-stop-daemon".split():
            os.symlink("busybox", f"{box}/bin/{applet}")
        router.copy_program(program, box, "usr/sbin/dnsmasq")
        for folder in ("var/run", "var/lib/misc", "dev", "proc", "tmp"):
            os.makedirs(f"{box}/{folder}", exist_ok=True)
        os.mknod(f"{box}/dev/null", 0o020666, os.makedev(1, 3))
        os.chmod(f"{box}/dev/null", 0o666)
        router.put(box, "etc/passwd", "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
        router.put(box, "etc/group", "root:x:0:\nnogroup:x:65534:\n")
        router.put(box, "S80dnsmasq", open(os.path.join(REPO, "buildroot/package/ironmasq/S80dnsmasq")).read(), 0o755)

        def call(word):
            return subprocess.run(["ip", "netns", "exec", space, "chroot", box, "/S80dnsmasq", word], capture_output=True,
                                  text=True, env={"PATH": "/usr/sbin:/bin"}, timeout=60)

        told = call("start")
        check("S80dnsmasq: nothing without a configuration", told.returncode == 0 and told.stdout == "")
        router.put(box, "etc/dnsmasq.conf", "port=5454\nno-resolv\naddress=/here.lan/192.0.2.7\n")
        told = call("start")
        check("S80dnsmasq: start", told.returncode == 0 and "OK" in told.stdout, told.stdout + told.stderr)
        answer = subprocess.run(["ip", "netns", "exec", space, "dig", "+short", "-p", "5454", "@127.0.0.1", "here.lan"],
                                capture_output=True, text=True).stdout
        check("S80dnsmasq: answers as soon as it has started", answer == "192.0.2.7\n", answer)
        router.put(box, "etc/dnsmasq.conf", "no such option\n")
        told = call("restart")
        check("S80dnsmasq: a broken file stops nothing", told.returncode != 0 and os.path.exists(f"{box}/var/run/dnsmasq.pid"))
        router.put(box, "etc/dnsmasq.conf", "port=5454\nno-resolv\n")
        told = call("restart")
        check("S80dnsmasq: restart", told.returncode == 0 and told.stdout.count("OK") == 2, told.stdout + told.stderr)
        told = call("stop")
        check("S80dnsmasq: stop", told.returncode == 0 and not os.path.exists(f"{box}/var/run/dnsmasq.pid"), told.stdout)
    finally:
        pids = subprocess.run(["ip", "netns", "pids", space], capture_output=True, text=True).stdout.split()
        for pid in pids:
            os.kill(int(pid), 9)
        subprocess.run(["ip", "netns", "del", space], check=False)
        shutil.rmtree(box, ignore_errors=True)


program = os.path.abspath(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    openwrt(os.path.join(folder, "openwrt"))
    buildroot(os.path.join(folder, "buildroot"), program)
example(program)
if os.geteuid() == 0:
    start_script(program)
print(f"package files: {count} checks, {len(failures)} failed")
sys.exit(1 if failures else 0)
