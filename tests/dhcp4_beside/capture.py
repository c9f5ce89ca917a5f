#!/usr/bin/env python3
"""Captures what dnsmasq answers to DHCP packets, as vectors for tests/dhcp4_beside.rs.

    sudo tests/dhcp4_beside/capture.py tests/vectors/dhcp4 [CASE...]

Needs root, `ip` and dnsmasq (SERVER=PATH runs another program in its place: the
vectors of two programs can then be compared). Makes two network namespaces
joined by a pair of interfaces: the server is at 192.168.7.1 on dh0, the packets
come from dh1, as whole Ethernet frames. A case is a function in cases.py.
"""
import atexit
import os
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile
import time

SERVER_NS, CLIENT_NS = "dhcp4-capture-s", "dhcp4-capture-c"
SERVER_MAC, CLIENT_MAC = bytes.fromhex("0200000000f1"), bytes.fromhex("0200000000f2")
ip4 = socket.inet_aton


def sh(*words):
    subprocess.run(words, check=True)


def make_network():
    for name in SERVER_NS, CLIENT_NS:
        sh("ip", "netns", "add", name)
        atexit.register(subprocess.run, ["ip", "netns", "del", name])
        sh("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1")
        sh("ip", "-n", name, "link", "set", "lo", "up")
    sh("ip", "link", "add", "dh0", "netns", SERVER_NS, "type", "veth", "peer", "name", "dh1", "netns", CLIENT_NS)
    for name, dev, mac, addr in (SERVER_NS, "dh0", SERVER_MAC, "192.168.7.1/24"), (CLIENT_NS, "dh1", CLIENT_MAC, "192.168.7.2/24"):
        sh("ip", "-n", name, "link", "set", dev, "address", mac.hex(":"), "up")
        sh("ip", "-n", name, "addr", "add", addr, "brd", "+", "dev", dev)
    for far in "10.0.0.0/8", "172.16.0.0/12":
        sh("ip", "-n", SERVER_NS, "route", "add", far, "via", "192.168.7.2")


def checksum(data):
    words = struct.unpack(">%dH" % (len(data) // 2), data)
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Rig:
    """One server, from its start to its end."""

    def __init__(self, name, conf, lease="", more=()):
        self.name, self.conf, self.old, self.more, self.out = name, conf, lease, more, []
        for addr in more:
            sh("ip", "-n", SERVER_NS, "addr", "add", addr, "brd", "+", "dev", "dh0")
        self.leases, conf_file = WORK + "/leases", WORK + "/conf"
        open(self.leases, "w").write(lease)
        open(conf_file, "w").write("\n".join(conf) + "\n")
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", SERVER_NS, os.environ.get("SERVER", "dnsmasq"), "-k", "-C", conf_file, "-u", "root",
             "--log-facility=-", "--pid-file=", "--dhcp-leasefile=" + self.leases, "--no-resolv", "--no-hosts"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        RUNNING[:] = [self.process]
        os.set_blocking(self.process.stdout.fileno(), False)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind(("dh1", 0))
        self.unread, self.all, self.logged = b"", b"", []
        start = time.time()
        while time.time() - start < 3 and b"started" not in self.all:
            self.read_log()
            time.sleep(0.02)
        time.sleep(0.15)
        self.read_log()
        self.logged = []
        while select.select([self.socket], [], [], 0)[0]:
            self.socket.recv(4096)

    def read_log(self):
        try:
            data = os.read(self.process.stdout.fileno(), 1 << 20)
        except BlockingIOError:
            return
        self.all += data
        *lines, self.unread = (self.unread + data).split(b"\n")
        for line in lines:
            if found := re.match(r"dnsmasq-dhcp(?:\[\d+\])?: (.*)$", line.decode("latin1")):
                self.logged.append(found[1])

    def send(self, packet, src="0.0.0.0", sport=68, dst="255.255.255.255", dport=67, wait=0.14):
        """Sends a packet and notes the replies and log lines; the last reply."""
        udp = struct.pack(">HHHH", sport, dport, 8 + len(packet), 0) + packet
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, ip4(src), ip4(dst))
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        to = b"\xff" * 6 if dst == "255.255.255.255" else SERVER_MAC
        self.out += ["> %s:%d %s:%d" % (src, sport, dst, dport), packet.hex()]
        self.socket.send(to + CLIENT_MAC + b"\x08\x00" + head + udp)
        got, quiet_since = None, time.time()
        while time.time() - quiet_since < wait:
            if select.select([self.socket], [], [], 0.02)[0]:
                frame = self.socket.recv(4096)
                self.answer_arp(frame)
                payload = frame[14 + (frame[14] & 15) * 4:]
                if frame[12:14] == b"\x08\x00" and frame[23] == 17 and frame[6:12] == SERVER_MAC and payload[:2] == b"\0\x43":
                    port, length = struct.unpack(">HH", payload[2:6])
                    got = payload[8:length]
                    self.out += ["< %s:%d %s" % (socket.inet_ntoa(frame[30:34]), port, frame[:6].hex(":")), got.hex()]
                    quiet_since = time.time() - wait + 0.08
            self.read_log()
        self.out += ["log " + line for line in self.logged]
        self.logged = []
        return got

    def answer_arp(self, frame):
        """Every address but our own is a client here."""
        if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\1" and frame[38:42] != ip4("192.168.7.2"):
            reply = frame[14:20] + b"\0\2" + CLIENT_MAC + frame[38:42] + frame[22:32]
            self.socket.send(frame[6:12] + CLIENT_MAC + b"\x08\x06" + reply)

    def end(self):
        time.sleep(0.05)
        self.out += ["lease " + line for line in open(self.leases).read().splitlines()]
        self.process.terminate()
        self.process.wait()
        self.socket.close()
        for addr in self.more:
            sh("ip", "-n", SERVER_NS, "addr", "del", addr, "dev", "dh0")
        lines = ["conf " + line for line in self.conf] + ["addr " + line for line in self.more]
        lines += ["old " + line for line in self.old.splitlines()] + self.out
        open("%s/%s.txt" % (sys.argv[1], self.name), "w").write("\n".join(lines) + "\n")


def mac(n):
    return bytes([2, 0, 0, 0, 0, n])


def pkt(m, opts, xid=None, flags=0, ciaddr="0.0.0.0", giaddr="0.0.0.0", htype=1, hlen=None, sname=b"", file=b"", cookie=True, hops=0, op=1, secs=0):
    xid = 0x11223300 | (m or b"\0")[-1] if xid is None else xid
    b = struct.pack(">BBBBIHH", op, htype, len(m) if hlen is None else hlen, hops, xid, secs, flags)
    b += ip4(ciaddr) + bytes(8) + ip4(giaddr) + m.ljust(16, b"\0") + sname.ljust(64, b"\0") + file.ljust(128, b"\0")
    if cookie:
        b += b"\x63\x82\x53\x63" + b"".join(bytes([c, len(v)]) + v for c, v in opts) + b"\xff"
    else:
        b += bytes(64)
    return b.ljust(300, b"\0")


def disc(m, *o, **k):
    return pkt(m, [(53, b"\1"), *o], **k)


def req(m, addr, *o, sid="192.168.7.1", **k):
    return pkt(m, [(53, b"\3"), (50, ip4(addr)), *([(54, ip4(sid))] if sid else []), *o], **k)


def renew(m, addr, *o, **k):
    return pkt(m, [(53, b"\3"), *o], ciaddr=addr, **k)


def yi(packet):
    return socket.inet_ntoa(packet[16:20])


PRL = (55, bytes([1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42]))
BASE = ["interface=dh0", "dhcp-range=192.168.7.50,192.168.7.150,255.255.255.0,1h", "no-ping", "domain=lan"]
CASES = []
RUNNING = []


def case(function):
    CASES.append(function)
    return function


go = Rig


def main():
    global WORK
    make_network()
    # The packets are sent from inside the client's namespace.
    with open("/run/netns/" + CLIENT_NS) as namespace:
        os.setns(namespace.fileno(), os.CLONE_NEWNET) if hasattr(os, "setns") else setns(namespace.fileno())
    atexit.register(lambda: [process.kill() for process in RUNNING if process.poll() is None])
    with tempfile.TemporaryDirectory() as WORK:
        exec(open(os.path.dirname(os.path.abspath(__file__)) + "/cases.py").read(), globals())
        for function in CASES:
            if not sys.argv[2:] or function.__name__ in sys.argv[2:]:
                function()
                print(function.__name__, flush=True)


def setns(descriptor):
    """os.setns of Python 3.12, for older ones."""
    import ctypes
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "setns")


main()
