"""The emulated routers of scripts/try-image and scripts/try-start, and the network around them."""

import os
import re
import struct
import subprocess
import time

WORK = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../target/images/try"))
SECTOR, FIRMWARE = 512, 2048
BUSY = 240  # seconds that an emulated machine may take for anything
MACHINES = {
    "mipsel": ("qemu-system-mipsel -M malta", "ttyS0", "pci"),
    "arm": ("qemu-system-arm -M virt -cpu cortex-a7", "ttyAMA0", "device"),
}


def sh(command, timeout=BUSY):
    done = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout)
    return done.stdout.strip()


def client(number, command, timeout=BUSY):
    return sh(f"ip netns exec image-c{number} {command}", timeout)


def lab():
    """One namespace for the machine and the world beyond it, one for each client."""
    for command in (
        "ip netns add image", "ip -n image link set lo up",
        "ip -n image link add br0 type bridge", "ip -n image link set br0 up",
        "ip -n image tuntap add tap0 mode tap", "ip -n image link set tap0 master br0 up",
        "ip -n image tuntap add tap1 mode tap", "ip -n image link set tap1 up",
        "ip -n image address add 10.99.0.2/24 dev tap1",
    ):
        assert sh(command) == "", command
    for number in (1, 2):
        for command in (
            f"ip netns add image-c{number}", f"ip -n image-c{number} link set lo up",
            f"ip -n image link add v{number} type veth peer name eth0 address 02:00:00:00:00:0{number} netns image-c{number}",
            f"ip -n image link set v{number} master br0 up", f"ip -n image-c{number} link set eth0 up",
        ):
            assert sh(command) == "", command
    upstream = ("dnsmasq -k -C /dev/null --no-resolv --no-hosts --pid-file= --user=root --listen-address=10.99.0.2 "
                f"--bind-interfaces --address=/up.example/11.22.33.44 --local-ttl=3600 --enable-tftp --tftp-root={WORK}")
    return subprocess.Popen(["ip", "netns", "exec", "image", *upstream.split()], stderr=subprocess.DEVNULL)


def unlab():
    for name in ("image-c1", "image-c2", "image"):
        sh(f"ip netns pids {name} 2>/dev/null | xargs -r kill -9; ip netns del {name} 2>/dev/null")


class Machine:
    """A router whose flash is the file `disk`; `more` are further words for qemu. One that is
    not in the lab has its two interfaces, and nobody at the other end."""

    def __init__(self, router, disk, memory, more=(), in_lab=True):
        self.router, self.disk, self.memory, self.more, self.in_lab = router, disk, memory, list(more), in_lab

    def start(self):
        """What a boot loader does: kernel and initramfs out of the firmware partition."""
        with open(self.disk, "rb") as disk:
            disk.seek(FIRMWARE * SECTOR)
            head = disk.read(28)
            parts = struct.unpack("<3I", head[16:28])
            for name, at, end in (("kernel", parts[0], parts[1]), ("initramfs", parts[1], parts[2])):
                disk.seek(FIRMWARE * SECTOR + at)
                with open(f"{self.disk}.{name}", "wb") as file:
                    file.write(disk.read(end - at))
        command, console, bus = MACHINES[self.router]
        words = command.split() + [
            "-m", str(self.memory), "-kernel", f"{self.disk}.kernel", "-initrd", f"{self.disk}.initramfs",
            "-append", f"console={console} quiet panic=1", "-nographic", "-no-reboot",
            "-drive", f"if=none,file={self.disk},format=raw,cache=writethrough,id=flash",
            "-device", f"virtio-blk-{bus},drive=flash"] + self.more
        # The `virt` board counts its slots backwards.
        order = (1, 0) if bus == "device" else (0, 1)
        for number in order:
            link = f"tap,id=n{number},ifname=tap{number},script=no,downscript=no"
            words += ["-netdev", link if self.in_lab else f"hubport,id=n{number},hubid={number}",
                      "-device", f"virtio-net-{bus},netdev=n{number},mac=02:99:00:00:00:0{number}"]
        place = ["ip", "netns", "exec", "image"] if self.in_lab else []
        self.console = f"{self.disk}.console"
        self.log = open(self.console, "wb")
        self.began = time.monotonic()
        self.process = subprocess.Popen(place + words, stdin=subprocess.PIPE,
                                        stdout=self.log, stderr=self.log)
        self.seen = 0
        up = self.wait(r"image: up after ([\d.]+) s")
        self.type("")
        return up

    def text(self):
        with open(self.console, "rb") as file:
            return file.read().decode(errors="replace")

    def wait(self, pattern):
        """The next match of this on the console."""
        end = time.monotonic() + BUSY
        while time.monotonic() < end:
            found = re.compile(pattern).search(self.text(), self.seen)
            if found:
                self.seen = found.end()
                return found
            if self.process.poll() is not None:
                found = re.compile(pattern).search(self.text(), self.seen)
                return found
            time.sleep(0.1)
        return None

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def run(self, command):
        """What a command on the console says."""
        self.type(f"echo begin''ning; {command}; echo e''nd=$?")
        found = self.wait(r"beginning\r?\n((?s:.)*?)end=\d+")
        return found.group(1).replace("\r", "").strip() if found else "(nothing)"

    def cut(self):
        self.process.kill()
        self.process.wait()
