#!/usr/bin/env python3
"""tests/openwrt/uci.py PROGRAM [NAME…]: our init script in a small OpenWrt (router.py).

1. The real /etc/config/dhcp files of the corpus, where it is at hand: what we make of each
   beside what OpenWrt's own script makes of it, in three variants. The order of lines may
   differ, nothing else. PROGRAM then has to accept each.
2. rows.txt: each option and section by itself.
3. Starts, reloads and stops; a configuration that is refused; the hotplug scripts."""

import glob
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import router
from router import FULL, HERE, PLAIN, REPO, Router, put

CORPUS = os.environ.get("CORPUS") or next(
    (path for path in (os.path.join(REPO, up, "shared/corpus") for up in ("..", "../..")) if os.path.isdir(path)), "")
VARIANTS = {"plain": (PLAIN, True, None), "plain2025": (PLAIN, True, "24.10.0"), "full": (FULL, None, None)}

failures = []
count = 0


def check(what, right, detail=""):
    global count
    count += 1
    if not right:
        failures.append(what)
        print(f"FAILED {what}\n{detail}")


def same(what, ours, theirs):
    missing = list(theirs)
    extra = []
    for line in ours:
        if line in missing:
            missing.remove(line)
        else:
            extra.append(line)
    detail = "".join(f"    missing: {line}\n" for line in missing) + "".join(f"    too much: {line}\n" for line in extra)
    check(what, not missing and not extra, detail)


def expected(path):
    """Calls by kind, and files by name, of a file in uci-expected."""
    calls, files, into = {}, {}, None
    for line in open(path).read().splitlines():
        header = re.match(r"=== (?:CONFIG |HOSTFILE )?(\S+)$", line)
        if header:
            into = files.setdefault(header.group(1), [])
        elif into is not None:
            if line:
                into.append(line)
        elif ": " in line:
            kind, rest = line.split(": ", 1)
            calls.setdefault(kind, []).append(rest)
    return calls, files


def without_number(files):
    """A start that was broken off leaves its files under the number of the process."""
    return {re.sub(r"\.\d+$", "", name): lines for name, lines in files.items()}


def corpus(box):
    names = sorted(glob.glob(os.path.join(CORPUS, "uci/*.dhcp")))
    if not names:
        print("   the corpus of real UCI files is not here: left out")
    for path in names:
        name = os.path.basename(path)[:-5]
        for variant, (words, odhcpd, release) in VARIANTS.items():
            theirs = os.path.join(CORPUS, f"uci-expected/{name}.{variant}.txt")
            if wanted and not any(word in f"{name}.{variant}" for word in wanted):
                continue
            box.clean()
            box.words(words)
            box.odhcpd(odhcpd)
            if release:
                put(box.root, "etc/openwrt_release", f"DISTRIB_RELEASE='{release}'\n")
            box.uci(open(path).read())
            result = box.service("start")
            what = f"{name}.{variant}"
            if not os.path.exists(theirs):
                check(f"{what}: start", result.returncode == 0, result.stderr)
                continue
            calls, files = expected(theirs)
            if "dnsmasq" in calls:
                check(f"{what}: stopped as it must", result.returncode == 1 and calls["dnsmasq"][0] in result.stderr,
                      result.stderr)
            else:
                check(f"{what}: start", result.returncode == 0 and not result.stderr, result.stderr)
            ours = without_number(box.configs())
            for file, lines in without_number(files).items():
                if file.startswith("dnsmasq.conf.c"):
                    # Releases before address_as_local ignored it; who sets it wants it.
                    mine = [line for line in ours.get(file, [])
                            if variant != "plain2025" or line in lines or line != "local=/ads.example/"]
                    same(f"{what}: {file}", mine, lines)
                elif file.startswith("dhcp.c"):
                    same(f"{what}: {file}", without_number(box.hosts()).get(file, []), lines)
                elif file == "/tmp/resolv.conf":
                    same(f"{what}: {file}", box.text(file).splitlines(), lines)
            for kind in ("INSTANCE", "PARAM", "JAIL"):
                same(f"{what}: {kind}", box.calls(kind), calls.get(kind, []))
            for kind in ("JAIL-RO", "JAIL-RW"):
                same(f"{what}: {kind}", " ".join(box.calls(kind)).split(), " ".join(calls.get(kind, [])).split())
            same(f"{what}: log", [line for line in box.calls("LOGGER") if "not known" not in line and "refused" not in line],
                 calls.get("LOGGER", []))
            if program and "dnsmasq" not in calls:
                for file in ours:
                    box.sh("mkdir -p /tmp/mnt")
                    verdict = box.sh(f"/usr/sbin/ironmasq --test -C /var/etc/{file}")
                    check(f"{what}: --test", verdict.returncode == 0, verdict.stderr)


def rows(box):
    """Blocks of rows.txt, which begins with what is what in them."""
    box.words(FULL)
    box.odhcpd(None)
    for block in open(os.path.join(HERE, "rows.txt")).read().split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if not lines or not lines[0].startswith("== "):
            continue
        title = lines[0][3:]
        if wanted and not any(word in title for word in wanted):
            continue
        box.clean()
        box.words(FULL)
        box.odhcpd(None)
        options, sections, action = [], [], "start"
        for line in lines[1:]:
            if line.startswith("option ") or line.startswith("list "):
                options.append("\t" + line)
            elif line.startswith("section "):
                sections.append("config " + line[8:])
            elif line.startswith("  "):
                sections.append("\t" + line.strip())
            elif line.startswith("words "):
                box.words(line[6:])
            elif line.startswith("odhcpd "):
                box.odhcpd({"on": True, "off": False, "none": None}[line[7:]])
            elif line.startswith("network "):
                with open(box.path("etc/networks.test"), "a") as file:
                    file.write(line[8:] + "\n")
            elif line.startswith("file "):
                path, _, text = line[5:].partition(" ")
                put(box.root, path.lstrip("/"), text + "\n", 0o755)
            elif line.startswith("action "):
                action = line[7:]
        main = [] if any(section.startswith("config dnsmasq") for section in sections) else ["config dnsmasq"]
        box.uci("\n".join(main + options + sections) + "\n")
        result = box.service(action)
        all_lines = [line for lines in box.configs().values() for line in lines]
        hosts = [line for lines in box.hosts().values() for line in lines]
        resolv = box.text("tmp/resolv.conf").splitlines()
        logs = "\n".join(box.calls("LOGGER"))
        seen = "\n".join(["    " + line for line in all_lines + hosts + box.calls() + [result.stderr]])
        for line in lines[1:]:
            kind, _, rest = line.partition(" ")
            if kind == "+":
                check(f"row {title}: {rest}", rest in all_lines, seen)
            elif kind == "x":
                check(f"row {title}: not {rest}", rest not in all_lines, seen)
            elif kind == "-":
                check(f"row {title}: no {rest}", not any(one.startswith(rest) for one in all_lines), seen)
            elif kind == "h":
                check(f"row {title}: hosts {rest}", rest in hosts, seen)
            elif kind == "r":
                check(f"row {title}: resolv.conf {rest}", rest in resolv, "\n".join(resolv))
            elif kind == "!":
                check(f"row {title}: log {rest}", rest in logs, seen)
            elif kind == "@":
                call, _, text = rest.partition(" ")
                check(f"row {title}: {rest}", any(text in one.split() or text == one for one in box.calls(call)), seen)
            elif kind == "f":
                path, _, text = rest.partition(" ")
                check(f"row {title}: {rest}", text in box.text(path), box.text(path))
        for path in ("etc/init.d/sysntpd", "etc/init.d/dhcpd", "usr/sbin/dhcpd", "etc/init.d/dhcpd6",
                     "etc/hotplug.d/dhcp/50-x", "etc/dnsmasq.one.conf", "etc/hosts.d"):
            if os.path.isfile(box.path(path)):
                os.remove(box.path(path))


def life(box):
    box.clean()
    box.words(PLAIN)
    box.odhcpd(True)
    good = "config dnsmasq\n\toption domain lan\n\toption resolvfile /tmp/resolv.conf.d/resolv.conf.auto\n" \
           "config dhcp lan\n\toption interface lan\n\toption dhcpv4 server\n"
    box.uci(good)
    box.service("boot")
    config = "dnsmasq.conf.cfg01411c"
    check("boot: no range yet", not any("dhcp-range" in line for line in box.configs()[config]))
    box.service("reload")
    check("reload: a range", any("dhcp-range=set:lan,192.168.1.100" in line for line in box.configs()[config]))
    check("reload: SIGHUP", box.calls("SIGNAL") == ["dnsmasq"], str(box.calls()))
    check("the server probe is asked once", len(box.calls("UDHCPC")) == 1, str(box.calls()))
    box.service("reload")
    check("the server probe is remembered", len(box.calls("UDHCPC")) == 1, str(box.calls()))
    before = box.configs()[config]

    box.uci(good + "config host\n\toption name a\n\toption mac 'no mac, at all'\n\toption ip 300.1.1.1\n")
    box.service("reload")
    if program:
        check("refused: the last good one stays", box.configs()[config] == before, str(box.configs()))
        check("refused: the other is kept aside", config + ".refused" in box.configs())
        log = "\n".join(box.calls("LOGGER"))
        check("refused: the log says why", "is refused" in log and "keeps its last good" in log, log)
        check("refused: no temporary file stays", len(box.configs()) == 2 and len(box.hosts()) == 1, str(box.hosts()))
        box.uci(good)
        box.service("reload")
        check("accepted again: nothing is left aside", list(box.configs()) == [config], str(list(box.configs())))

    box.service("triggers")
    check("triggers", box.calls("TRIGGER") == ["dhcp system"] and box.calls("TRIGGER-INTERFACE") == ["lan"], str(box.calls()))
    box.service("stop")
    check("stop: resolv.conf is a link again", os.path.islink(box.path("tmp/resolv.conf")) and
          os.readlink(box.path("tmp/resolv.conf")) == "/tmp/resolv.conf.d/resolv.conf.auto")
    check("stop: no stamp stays", not glob.glob(box.path("tmp/run/*.dhcp")))

    box.clean()
    put(box.root, "another-server", "")
    box.uci(good)
    box.service("start")
    check("another server: no range", not any("dhcp-range" in line for line in box.configs()[config]))
    check("another server: said", "found already running DHCP-server on interface 'br-lan'" in "\n".join(box.calls("LOGGER")))

    box.clean()
    box.uci(good + "config dnsmasq two\n\toption port 5453\nconfig dhcp\n\toption interface guest\n"
                   "\toption dhcpv4 server\n\toption instance two\n")
    box.service("start")
    check("two instances", box.calls("INSTANCE") == ["cfg01411c", "two"], str(box.calls()))
    two = box.configs()["dnsmasq.conf.two"]
    check("their names on the bus", "enable-ubus=dnsmasq.two" in two and "enable-ubus=dnsmasq" in box.configs()[config])
    check("a section for one of them", any("set:guest" in line for line in two) and
          not any("set:guest" in line for line in box.configs()[config]))
    box.clean()
    box.service("start", "two")
    check("one by name", box.calls("INSTANCE") == ["two"], str(box.calls()))

    box.clean()
    script = "/usr/lib/dnsmasq/dhcp-script.sh"
    box.sh(f"{script} add 00:11:22:33:44:55 192.168.1.9 desk", DNSMASQ_INTERFACE="br-lan", DNSMASQ_TAGS="lan 'x' \"y\"",
           OTHER="1")
    said = box.calls("UBUS")[0]
    check("lease script: add", said.startswith('call hotplug.dhcp call { "env": [ "DNSMASQ_') and
          '"DNSMASQ_INTERFACE=br-lan"' in said and '"DNSMASQ_TAGS=lan \'x\' \\"y\\""' in said and
          said.endswith('"ACTION=add", "MACADDR=00:11:22:33:44:55", "IPADDR=192.168.1.9", "HOSTNAME=desk" ] }') and
          "OTHER" not in said, said)
    for action, target, word in (("del", "dhcp", "remove"), ("old", "dhcp", "update"), ("arp-add", "neigh", "add"),
                                 ("arp-del", "neigh", "remove"), ("tftp", "tftp", "add")):
        box.clean()
        box.sh(f"{script} {action} 1 2 3")
        check(f"lease script: {action}", box.calls("UBUS")[0].startswith(f"call hotplug.{target} call") and
              f'"ACTION={word}"' in box.calls("UBUS")[0], str(box.calls()))
    box.clean()
    box.sh(f"{script} init")
    check("lease script: init says nothing", box.calls() == [])
    put(box.root, "tmp/user.sh", 'echo "USER: $1 $2" >>/calls\n')
    box.sh(f"{script} add 00:11:22:33:44:55 192.168.1.9", USER_DHCPSCRIPT="/tmp/user.sh")
    check("lease script: the user's own", box.calls("USER") == ["add 00:11:22:33:44:55"], str(box.calls()))

    box.clean()
    box.sh(". /etc/hotplug.d/ntp/25-dnsmasqsec", ACTION="step")
    check("clock: a step is nothing", box.calls() == [])
    box.sh(". /etc/hotplug.d/ntp/25-dnsmasqsec", ACTION="stratum")
    check("clock: SIGINT", box.calls("SIGNAL") == ["dnsmasq * INT"], str(box.calls()))
    box.sh(". /etc/hotplug.d/ntp/25-dnsmasqsec", ACTION="stratum")
    check("clock: only once", len(box.calls("SIGNAL")) == 1)

    for name in glob.glob(os.path.join(router.FILES, "50-*.sh")):
        put(box.root, "etc/uci-defaults/" + os.path.basename(name), open(name).read(), 0o755)
    box.uci("config dnsmasq\n\toption resolvfile /tmp/resolv.conf.auto\n\tlist ipset '/a.org/b.org/s4,s6'\n")
    result = box.sh("for one in /etc/uci-defaults/50-*; do $one; done; uci export dhcp")
    check("migration of old values", "option resolvfile '/tmp/resolv.conf.d/resolv.conf.auto'" in result.stdout and
          "list ipset" not in result.stdout and "config ipset\n\tlist domain 'a.org'\n\tlist domain 'b.org'\n\tlist name 's4'"
          "\n\tlist name 's6'" in result.stdout, result.stdout + result.stderr)


program = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] != "-" else None
wanted = sys.argv[2:]
if os.geteuid() != 0:
    print("the small OpenWrt needs root (chroot): left out")
    sys.exit(0)
router.tools()
box = Router(os.path.join(REPO, f"target/openwrt/root.{os.getpid()}"), program)
try:
    corpus(box)
    rows(box)
    if not wanted:
        life(box)
finally:
    if not os.environ.get("KEEP"):
        subprocess.run(["rm", "-rf", box.root], check=True)
print(f"init script: {count} checks, {len(failures)} failed")
sys.exit(1 if failures else 0)
