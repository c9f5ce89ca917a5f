#!/usr/bin/env python3
"""tests/openwrt/jail.py PROGRAM: the shipped /etc/config/dhcp, made into a configuration by
the init script, and the program on it as procd's jail runs it: first process of its own
process namespace, root in a folder without /proc and /sys, the lease file a mount of its
own, no ubus daemon, no /dev/log. A client behind a bridge gets a lease and names.

Wants root, and namespaces of its own (ironmasq-jail-*)."""

import os
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import router
from router import REPO, Router, put

count, failures = 0, []
ROUTER, CLIENT = f"ironmasq-jail-r{os.getpid()}", f"ironmasq-jail-c{os.getpid()}"


def check(what, right, detail=""):
    global count
    count += 1
    if not right:
        failures.append(what)
        print(f"FAILED {what}\n{detail}")


def sh(command, must=True):
    return subprocess.run(command, shell=True, capture_output=True, text=True, check=must)


def inside(space, command):
    return sh(f"ip netns exec {space} {command}", must=False)


def until(what, test, seconds=10):
    """No claim about time: only that it comes to be at all."""
    end = time.monotonic() + seconds
    while True:
        told = test()
        if told:
            return told
        if time.monotonic() > end:
            check(what, False, "not so after all this time")
            return told
        time.sleep(0.05)


def network():
    for space in (ROUTER, CLIENT):
        sh(f"ip netns add {space} && ip -n {space} link set lo up")
    sh(f"ip -n {ROUTER} link add br-lan type bridge && ip -n {ROUTER} addr add 192.168.1.1/24 dev br-lan && "
       f"ip -n {ROUTER} link add lan1 type veth peer name eth0 netns {CLIENT} && "
       f"ip -n {ROUTER} link set lan1 master br-lan && ip -n {ROUTER} link set lan1 up && "
       f"ip -n {ROUTER} link set br-lan up && ip -n {CLIENT} link set eth0 up")


def dig(*words):
    return inside(CLIENT, f"dig +short +tries=1 +time=2 @192.168.1.1 {' '.join(words)}").stdout.strip()


def lease(folder, name):
    script = os.path.join(folder, "udhcpc.sh")
    put(folder, "udhcpc.sh", f'#!/bin/sh\n[ "$1" != bound ] || {{ ip addr flush dev $interface; ip addr add $ip/24 dev '
                             f'$interface; echo "$ip $dns $domain" >{folder}/bound; }}\n', 0o755)
    told = inside(CLIENT, f"busybox udhcpc -i eth0 -n -q -f -t 5 -T 1 -x hostname:{name} -s {script}")
    path = os.path.join(folder, "bound")
    return open(path).read().split() if os.path.exists(path) else told.stderr


def main(program):
    router.tools()
    box = Router(os.path.join(REPO, f"target/openwrt/jail.{os.getpid()}"), program)
    daemon = None
    try:
        network()
        box.clean()
        box.odhcpd(True)
        # The words of the program itself this time.
        words = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
        box.words(re.search(r"^Compile time options: (.*)$", words, re.M).group(1))
        box.uci(open(os.path.join(router.FILES, "dhcp.conf")).read())
        check("the script", box.service("start").returncode == 0)
        command = next(line[8:] for line in box.calls("PARAM") if line.startswith("command "))
        leases = box.path("tmp/dhcp.leases")
        put(box.root, "tmp/hosts/odhcpd", "192.168.1.77 sevenseven\n")

        log = open(box.path("log"), "w")
        daemon = subprocess.Popen(
            ["ip", "netns", "exec", ROUTER, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--", "sh", "-c",
             f"mount --bind {leases} {leases} && exec chroot {box.root} {command.replace('/dnsmasq ', '/ironmasq ', 1)}"],
            stdout=log, stderr=log)
        bound = until("a client is served", lambda: isinstance(lease(box.root, "desk"), list) and lease(box.root, "desk"))
        check("the router's name", dig("OpenWrt.lan") == "192.168.1.1")
        child = int(sh(f"pgrep -P {daemon.pid}").stdout.split()[0])
        status = open(f"/proc/{child}/status").read()
        check("it is the first process", re.search(r"^NSpid:.*\t1$", status, re.M), status)
        check("it is not root", re.search(r"^Uid:\t453\t453\t453", status, re.M), status)

        check("a lease", isinstance(bound, list) and bound[1:] == ["192.168.1.1", "lan"], str(bound))
        address = bound[0] if isinstance(bound, list) else "none"
        check("in the range", address in [f"192.168.1.{last}" for last in range(100, 250)], address)
        written = open(leases).read()
        check("the lease file is written in place", re.search(rf"^\d+ [0-9a-f:]{{17}} {re.escape(address)} desk ", written, re.M),
              written)
        check("the client's name", dig("desk.lan") == address)
        check("and backwards", dig("-x", address) == "desk.lan.")
        check("a name of another program's file", dig("sevenseven.lan") == "192.168.1.77")
        check("a name that is kept to ourselves", "NXDOMAIN" in inside(CLIENT, "dig @192.168.1.1 nobody.lan").stdout)

        # As `kill -HUP $(pidof dnsmasq)` does in a jail: twice at once.
        put(box.root, "tmp/hosts/odhcpd", "192.168.1.78 seveneight\n")
        for _ in range(2):
            os.kill(child, signal.SIGHUP)
        until("read again", lambda: dig("seveneight.lan") == "192.168.1.78")
        check("what is gone is gone", dig("sevenseven.lan") == "")
        check("leases stay", dig("desk.lan") == address)

        os.kill(child, signal.SIGTERM)
        try:
            daemon.wait(5)
        except subprocess.TimeoutExpired:
            check("it ends before the jail would kill it", False)
        check("the lease is still written", address in open(leases).read())
        if failures:
            print(open(box.path("log")).read())
    finally:
        if daemon and daemon.poll() is None:
            daemon.kill()
        for space in (ROUTER, CLIENT):
            sh(f"ip netns del {space}", must=False)
        subprocess.run(["rm", "-rf", box.root], check=True)
    print(f"jail: {count} checks, {len(failures)} failed")
    return 1 if failures else 0


if os.geteuid() != 0:
    print("the jail needs root (namespaces): left out")
    sys.exit(0)
sys.exit(main(os.path.abspath(sys.argv[1])))
