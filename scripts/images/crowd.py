"""crowd.py CLIENTS NAMES ROUTER: in a client's namespace of scripts/try-image, takes leases for
so many clients and asks for so many names. Prints how many leases and how many answers came."""

import socket
import struct
import sys
import time


def dhcp(kind, number, options=b""):
    """A message of client `number`, which wants its answers broadcast."""
    hardware = struct.pack("!HI", 0x0200, 0xC0000000 + number)
    head = struct.pack("!4BIHH16x6s10x192xI", 1, 1, 6, 0, number, 0, 0x8000, hardware, 0x63825363)
    return head + bytes((53, 1, kind)) + options + b"\xff"


def ask(line, message, number, kind):
    """The answer of this kind to this client, asked for up to 20 times."""
    for _ in range(20):
        line.sendto(message, ("255.255.255.255", 67))
        end = time.monotonic() + 2
        while time.monotonic() < end:
            try:
                got = line.recv(1500)
            except TimeoutError:
                continue
            if got[4:8] == struct.pack("!I", number) and bytes((53, 1, kind)) in got[240:250]:
                return got
    return None


def leases(clients):
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    line.bind(("", 68))
    line.settimeout(0.5)
    bound = 0
    for number in range(1, clients + 1):
        offer = ask(line, dhcp(1, number), number, 2)
        if offer:
            name = b"crowd%d" % number
            wanted = b"\x32\x04" + offer[16:20] + bytes((12, len(name))) + name
            bound += ask(line, dhcp(3, number, wanted), number, 5) is not None
    return bound


def names(count, router):
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.settimeout(2)
    answered = 0
    for number in range(1, count + 1):
        label = b"n%d" % number
        question = struct.pack("!6H", number, 0x0100, 1, 0, 0, 0) + bytes((len(label),)) + label + b"\x02up\x07example\0\0\x01\0\x01"
        for _ in range(10):
            line.sendto(question, (router, 53))
            try:
                got = line.recv(1500)
            except TimeoutError:
                continue
            if got[:2] == question[:2]:
                answered += got[6:8] == b"\0\x01"
                break
    return answered


print(f"{leases(int(sys.argv[1]))} leases {names(int(sys.argv[2]), sys.argv[3])} names")
