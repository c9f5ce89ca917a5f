#!/usr/bin/env python3
"""tests/openwrt/packages.py: what `scripts/package -n` makes of the binaries at hand.

Twice the same bytes; ipk and deb taken apart by tar, gzip and dpkg-deb; apk by a reader
written from the format's description alone; every file beside the one it was made from;
the scripts run with stand-ins for OpenWrt's functions; the package for this machine
unpacked and its test.sh run inside (root only)."""

import glob
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib

sys.dont_write_bytecode = True
import router

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
OUT = os.path.join(REPO, "dist/packages")
CONFFILES = ["/etc/config/dhcp", "/etc/dnsmasq.conf"]
FIELDS = ("Package Version Depends Conflicts Provides Source SourceName License LicenseFiles Section Require-User "
          "SourceDateEpoch Maintainer Architecture Installed-Size Description").split()
count, failures = 0, []


def check(what, right, detail=""):
    global count
    count += 1
    if not right:
        failures.append(what)
        print(f"FAILED {what}\n{detail}")


def run(*words, **more):
    return subprocess.run(words, capture_output=True, check=True, **more).stdout


def wanted_files(program):
    """path -> (mode, digest) by install.list."""
    files = {}
    for line in open(os.path.join(REPO, "openwrt/ironmasq/install.list")):
        if not line.startswith("#"):
            mode, path, name = line.split()
            if name == "-":
                files[path] = (int(mode, 8), None)
            else:
                files[path] = (int(mode, 8), digest(os.path.join(REPO, "openwrt/ironmasq/files", name)))
    files["/usr/sbin/dnsmasq"] = (0o755, digest(os.path.join(REPO, program)))
    files["/lib/upgrade/keep.d/ironmasq"] = (0o644, hashlib.sha256(b"/etc/dnsmasq.d/\n").hexdigest())
    return files


def digest(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def programs():
    """architecture, variant -> program"""
    sys.path.insert(0, os.path.join(REPO, "scripts/packages"))
    import tree
    found = {}
    for target, architectures in tree.ARCHITECTURES.items():
        for name, (parts, _) in tree.VARIANTS.items():
            path = os.path.join("dist", *([parts] if parts else []), target, "ironmasq")
            if os.path.exists(os.path.join(REPO, path)):
                for architecture in architectures:
                    found[architecture, name] = path
    return found, tree


def compare_folder(what, folder, wanted):
    there = {}
    for at, folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            there["/" + os.path.relpath(path, folder)] = (os.stat(path).st_mode & 0o7777, digest(path))
        if not folders and not names:
            there["/" + os.path.relpath(at, folder)] = (os.stat(at).st_mode & 0o7777, None)
    check(f"{what}: files", there == wanted,
          "\n".join(f"    {path}: {there.get(path)} for {wanted.get(path)}" for path in sorted({**there, **wanted})
                    if there.get(path) != wanted.get(path)))


def ipk(path, name, architecture, program, date):
    what = os.path.basename(path)
    with tempfile.TemporaryDirectory() as folder:
        outer = run("gzip", "-dc", path)
        check(f"{what}: GNU tar", outer[257:265] == b"ustar  \0", repr(outer[257:265]))
        header = open(path, "rb").read(10)
        check(f"{what}: gzip without name and time", header[3] == 0 and header[4:8] == bytes(4))
        check(f"{what}: members", run("tar", "-tzf", path).decode().split() ==
              ["./debian-binary", "./data.tar.gz", "./control.tar.gz"])
        run("tar", "-xzf", path, "-C", folder)
        check(f"{what}: debian-binary", open(f"{folder}/debian-binary").read() == "2.0\n")
        for member in ("data", "control"):
            listed = run("tar", "--numeric-owner", "--full-time", "--utc", "-tvzf", f"{folder}/{member}.tar.gz").decode()
            lines = listed.splitlines()
            stamp = subprocess.run(["date", "-u", "-d", f"@{date}", "+%Y-%m-%d %H:%M:%S"], capture_output=True, text=True)
            check(f"{what}: {member}: owner and date", all(
                line.split()[1] == "0/0" and stamp.stdout.strip() in line for line in lines), listed)
            names = [line.split(":", 2)[2].split(" ", 1)[1] for line in lines]
            check(f"{what}: {member}: sorted", [one.rstrip("/").split("/") for one in names] ==
                  sorted(one.rstrip("/").split("/") for one in names), listed)
            os.mkdir(f"{folder}/{member}")
            run("tar", "-xpzf", f"{folder}/{member}.tar.gz", "-C", f"{folder}/{member}")
        compare_folder(what, f"{folder}/data", wanted_files(program))

        control = [line.split(": ", 1) for line in open(f"{folder}/control/control").read().splitlines()]
        check(f"{what}: fields", [key for key, _ in control] == FIELDS, str(control))
        values = dict(control)
        check(f"{what}: name", f"{values['Package']}_{values['Version']}_{values['Architecture']}.ipk" == what)
        check(f"{what}: variant", values["Package"] == name and values["Architecture"] == architecture)
        check(f"{what}: relations", values["Depends"].split(", ")[0] == "libc" and values["Provides"] == "dnsmasq" and
              {"dnsmasq", "dnsmasq-dhcpv6", "dnsmasq-full"} < set(values["Conflicts"].split(", ")) and
              name not in values["Conflicts"].split(", "), str(values))
        check(f"{what}: user", values["Require-User"] == "dnsmasq=453:dnsmasq=453")
        check(f"{what}: size", int(values["Installed-Size"]) == len(run("gzip", "-dc", f"{folder}/data.tar.gz")))
        check(f"{what}: description", values["Description"].startswith(" "))
        check(f"{what}: control members", sorted(os.listdir(f"{folder}/control")) ==
              ["conffiles", "control", "postinst", "prerm"])
        check(f"{what}: conffiles", open(f"{folder}/control/conffiles").read().split() == CONFFILES)
        for script in ("postinst", "prerm"):
            scripts_run(what, f"{folder}/control/{script}", f"default_{script}")


def scripts_run(what, script, call, before=()):
    """OpenWrt's functions stand in a folder; the script must call this one with its words."""
    with tempfile.TemporaryDirectory() as folder:
        check(f"{what}: {script}: mode", os.stat(script).st_mode & 0o777 == 0o755)
        none = subprocess.run(["busybox", "sh", script], env={"PATH": os.environ["PATH"], "IPKG_INSTROOT": folder})
        check(f"{what}: {call} without OpenWrt", none.returncode == 0)
        os.mkdir(f"{folder}/lib")
        open(f"{folder}/lib/functions.sh", "w").write(
            'called() { echo "$@" "root=$root" "pkgname=$pkgname" "upgrade=$PKG_UPGRADE"; }\n' +
            "".join(f'{one}() {{ called {one} "$@"; }}\n' for one in ("default_postinst", "default_prerm", "add_group_and_user")))
        environment = {"PATH": os.environ["PATH"], "IPKG_INSTROOT": folder}
        told = subprocess.run(["busybox", "sh", script, "configure", "a b"], env=environment, capture_output=True, text=True)
        lines = told.stdout.splitlines()
        check(f"{what}: {call}", told.returncode == 0 and [line.split()[0] for line in lines] == [*before, call],
              told.stdout + told.stderr)
        if not before and call == "default_postinst":
            check(f"{what}: {call} gets its words", lines[0].startswith(f"{call} {script} configure a b"), told.stdout)
        quiet = subprocess.run(["busybox", "sh", script], env={**environment, "IPKG_NO_SCRIPT": "1"}, capture_output=True)
        check(f"{what}: {call} switched off", quiet.returncode == 0 and not quiet.stdout)
        return told.stdout


class Adb:
    """Reads apk's database: a value is four bits of kind and 28 of number or place."""

    def __init__(self, data):
        self.data = data
        version, root = struct.unpack_from("<II", data)
        assert version == 0
        self.root = self.value(root)

    def value(self, word):
        kind, rest = word >> 28, word & 0x0FFFFFFF
        if kind == 0:
            return None
        if kind == 1:
            return rest
        if kind == 2:
            return struct.unpack_from("<I", self.data, rest)[0]
        if kind in (8, 9, 10):
            width = {8: 1, 9: 2, 10: 4}[kind]
            assert rest % width == 0
            length = int.from_bytes(self.data[rest:rest + width], "little")
            return self.data[rest + width:rest + width + length]
        assert kind in (13, 14) and rest % 4 == 0, word
        many = struct.unpack_from("<I", self.data, rest)[0]
        return [None] + [self.value(one) for one in struct.unpack_from(f"<{many - 1}I", self.data, rest + 4)]


def field(fields, number):
    return fields[number] if fields and number < len(fields) else None


def apk(path, name, architecture, program, date):
    what = os.path.relpath(path, OUT)
    data = open(path, "rb").read()
    check(f"{what}: deflated", data[:4] == b"ADBd")
    plain = zlib.decompress(data[4:], -15)
    check(f"{what}: a package", plain[:8] == b"ADB.pckg")
    at, blocks = 8, []
    while at < len(plain):
        word = struct.unpack_from("<I", plain, at)[0]
        size = word & 0x3FFFFFFF
        blocks.append((word >> 30, plain[at + 4:at + size]))
        check(f"{what}: padding", not any(plain[at + size:at + size + -size % 8]))
        at += size + -size % 8
    check(f"{what}: blocks", at == len(plain) and [kind for kind, _ in blocks] == [0] + [2] * (len(blocks) - 1))
    base = Adb(blocks[0][1])
    info, paths, scripts = (field(base.root, number) for number in (1, 2, 3))

    zeroed = bytearray(blocks[0][1])
    place = blocks[0][1].index(info[3])
    zeroed[place:place + 20] = bytes(20)
    check(f"{what}: identity", info[3] == hashlib.sha256(bytes(zeroed)).digest()[:20])
    check(f"{what}: name", info[1].decode() == name and info[5].decode() == architecture and
          what == f"{architecture}/{name}-{info[2].decode()}.apk", str(info))

    def relations(number):
        return {(field(one, 1).decode(), (field(one, 2) or b"").decode(), field(one, 3)) for one in info[number][1:]}
    depends = relations(0x0F)
    check(f"{what}: depends", ("libc", "", None) in depends and ("dnsmasq-dhcpv6", "", 23) in depends and
          [one[0] for one in [(field(each, 1).decode(),) for each in info[0x0F][1:]]] ==
          sorted(one[0] for one in depends), str(depends))
    provides = relations(0x10)
    check(f"{what}: provides", ("dnsmasq", "2.93-r1", None) in provides and (f"{name}-any", "", None) in provides, str(provides))
    check(f"{what}: priority", field(info, 0x0E) == (100 if name == "ironmasq" else None))
    check(f"{what}: tags", info[0x15][1] == b"openwrt:section=net")

    bodies = {struct.unpack_from("<II", body): body[8:] for _, body in blocks[1:]}
    there, total = {}, 0
    names = []
    for number, folder in enumerate(paths[1:], 1):
        path = (field(folder, 1) or b"").decode()
        names.append(path)
        rights = folder[2]
        check(f"{what}: /{path}: owner", rights[1:4] == [rights[1], b"root", b"root"])
        files = field(folder, 3)
        for index, file in enumerate(files[1:] if files else [], 1):
            body = bodies.pop((number, index))
            total += len(body)
            check(f"{what}: {file[1]}: size, date, digest", file[3] == len(body) and file[4] == date and
                  file[5] == hashlib.sha256(body).digest() and file[2][2:4] == [b"root", b"root"])
            there["/" + "/".join(filter(None, [path, file[1].decode()]))] = (file[2][1], file[5].hex())
        if path and not files and not any(other.startswith(path + "/") for other in map(
                lambda one: (field(one, 1) or b"").decode(), paths[1:])):
            there["/" + path] = (rights[1], None)
    check(f"{what}: every body has a file", not bodies and total == info[0x0C])
    check(f"{what}: folders sorted", names == sorted(names), str(names))
    wanted = wanted_files(program)
    records = {one: there.pop(one) for one in list(there) if one.startswith("/lib/apk/packages/")}
    check(f"{what}: files", there == wanted, str({one: (there.get(one), wanted.get(one)) for one in {**there, **wanted}
                                                  if there.get(one) != wanted.get(one)}))

    def record(kind):
        mode, its = records[f"/lib/apk/packages/{name}.{kind}"]
        return next(body[8:].decode() for _, body in blocks[1:] if hashlib.sha256(body[8:]).hexdigest() == its)
    check(f"{what}: list", record("list").split() == sorted(one for one, (_, its) in wanted.items() if its))
    check(f"{what}: conffiles", record("conffiles").split() == CONFFILES)
    check(f"{what}: conffiles_static", record("conffiles_static") ==
          "".join(f"{one} {wanted[one][1]}\n" for one in CONFFILES))
    check(f"{what}: rusers", record("rusers") == "dnsmasq=453:dnsmasq=453\n")

    check(f"{what}: scripts", [number for number, text in enumerate(scripts) if text] == [3, 4, 7])
    with tempfile.TemporaryDirectory() as folder:
        for number, call, before in ((3, "default_postinst", ["add_group_and_user"]), (4, "default_prerm", []),
                                     (7, "default_postinst", ["add_group_and_user"])):
            with open(f"{folder}/{number}", "wb") as file:
                file.write(scripts[number])
            os.chmod(f"{folder}/{number}", 0o755)
            said = scripts_run(what, f"{folder}/{number}", call, before)
            check(f"{what}: script {number}: pkgname", f"pkgname={name}" in said, said)
            check(f"{what}: script {number}: upgrade", ("upgrade=1" in said) == (number == 7), said)


def deb(path, program):
    what = os.path.basename(path)
    fields = dict(line.split(": ", 1) for line in run("dpkg-deb", "-f", path).decode().splitlines() if ": " in line)
    check(f"{what}: name", f"{fields['Package']}_{fields['Version']}_{fields['Architecture']}.deb" == what)
    check(f"{what}: stands for dnsmasq", "dnsmasq-base" in fields["Provides"] and "dnsmasq-base" in fields["Conflicts"])
    with tempfile.TemporaryDirectory() as folder:
        run("dpkg-deb", "-R", path, folder)
        check(f"{what}: program", digest(f"{folder}/usr/sbin/ironmasq") == digest(os.path.join(REPO, program)))
        check(f"{what}: link", os.readlink(f"{folder}/usr/sbin/dnsmasq") == "ironmasq")
        check(f"{what}: unit", digest(f"{folder}/usr/lib/systemd/system/ironmasq.service") ==
              digest(os.path.join(REPO, "linux/ironmasq.service")))
        for script in ("postinst", "prerm", "postrm"):
            run("sh", "-n", f"{folder}/DEBIAN/{script}")
        if os.geteuid() == 0:
            deb_configuration(what, folder)


def deb_configuration(what, folder):
    """Whose configuration is in force behind the scripts of an unpacked Debian package."""
    router.copy_program(shutil.which("busybox"), folder, "bin/busybox")
    for applet in ("sh", "grep", "cp", "mkdir", "rm"):
        os.symlink("busybox", f"{folder}/bin/{applet}")
    router.put(folder, "bin/getent", '#!/bin/sh\ngrep "^$2:" "/etc/$1"\n', 0o755)
    os.makedirs(f"{folder}/etc/dnsmasq.d")
    for name, text in (("etc/passwd", "dnsmasq:x:453:453::/:/bin/false\n"), ("dev/null", "")):
        router.put(folder, name, text)
    ours = f"{folder}/etc/ironmasq.conf"

    def script(name, *words):
        told = subprocess.run(["chroot", folder, f"/DEBIAN/{name}", *words], capture_output=True, text=True,
                              env={"PATH": "/usr/sbin:/bin"})
        check(f"{what}: {name} {' '.join(words)}", told.returncode == 0, told.stderr)
        return told.stderr

    script("postinst", "configure", "")
    example = digest(os.path.join(REPO, "linux/ironmasq.conf"))
    check(f"{what}: a new machine begins with the example", digest(ours) == example)
    script("postrm", "remove")
    check(f"{what}: removed, its configuration stays", os.path.exists(ours))
    script("postrm", "purge")
    check(f"{what}: purged, nothing of it stays", not os.path.exists(ours))

    for name, text in (("dnsmasq.conf", "conf-dir=/etc/dnsmasq.d\n"), ("dnsmasq.d/lan", "address=/of.lan/192.0.2.1\n"),
                       ("dnsmasq.d/lan.dpkg-old", "no-such-option\n")):
        router.put(folder, f"etc/{name}", text)
    check(f"{what}: nothing to tell", not script("postinst", "configure", ""))
    kept = open(ours).read()
    check(f"{what}: dnsmasq's files are in force", "conf-file=/etc/dnsmasq.conf\n" in kept and "conf-dir=/etc/dnsmasq.d," in kept, kept)
    router.put(folder, "etc/default/dnsmasq", "ENABLED=1\nDNSMASQ_OPTS=--log-queries\n")
    os.remove(ours)
    check(f"{what}: what is not read is named", "/etc/default/dnsmasq" in script("postinst", "configure", ""))
    router.put(folder, "etc/ironmasq.conf", "port=0\n")
    script("postinst", "configure", "0.0.1-r1")
    check(f"{what}: its owner's file is left alone", open(ours).read() == "port=0\n")


def inside(path):
    """test.sh in the unpacked package, on this machine's kernel."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        run("tar", "-xzf", path, "-C", folder, "./data.tar.gz")
        run("tar", "-xzf", f"{folder}/data.tar.gz", "-C", folder)
        router.copy_program(shutil.which("busybox"), folder, "bin/busybox")
        for applet in ("sh", "grep"):
            os.symlink("busybox", f"{folder}/bin/{applet}")
        open(f"{folder}/etc/passwd", "w").write("root:x:0:0::/:/bin/sh\n")
        open(f"{folder}/etc/group", "w").write("root:x:0:\n")
        name, version = os.path.basename(path).split("_")[:2]
        for script in ("test.sh", "test-version.sh"):
            shutil.copy(os.path.join(REPO, "openwrt/ironmasq", script), folder)
            told = subprocess.run(["chroot", folder, "/bin/sh", f"/{script}", name, version], capture_output=True, text=True,
                                  env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
            check(f"{script} of {os.path.basename(path)}", told.returncode == 0, told.stdout + told.stderr)


def everything():
    return {os.path.relpath(os.path.join(at, name), OUT): digest(os.path.join(at, name))
            for at, _, names in os.walk(OUT) for name in names}


shutil.rmtree(OUT, ignore_errors=True)
run(os.path.join(REPO, "scripts/package"), "-n")
first = everything()
run(os.path.join(REPO, "scripts/package"), "-n")
check("the same bytes twice", first == everything())
found, tree = programs()
check("something to pack", found)
date = tree.date()
version = f"{tree.version()}-{tree.RELEASE}"
made = set()
for (architecture, name), program in found.items():
    path = f"{name}_{version}_{architecture}.ipk"
    ipk(os.path.join(OUT, path), name, architecture, program, date)
    made.add(path)
    path = f"{architecture}/{name}-{version}.apk"
    apk(os.path.join(OUT, path), name, architecture, program, date)
    made.add(path)
for target, architecture in tree.DEBIAN.items():
    path = f"ironmasq_{version}_{architecture}.deb"
    if os.path.exists(os.path.join(OUT, path)):
        deb(os.path.join(OUT, path), f"dist/{target}/ironmasq")
        made.add(path)
check("nothing else", made == set(first), str(made ^ set(first)))
if os.geteuid() == 0:
    for path in glob.glob(os.path.join(OUT, f"*_{version}_x86_64.ipk")):
        inside(path)
print(f"packages: {len(first)} made, {count} checks, {len(failures)} failed")
sys.exit(1 if failures else 0)
