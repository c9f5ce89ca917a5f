#!/usr/bin/env python3
"""Just enough ELF, of either width and byte order, for our own scripts.

elf.py strip IN OUT   write the part of IN that is loaded, without symbols or
                      notes for debuggers (a tool that knows all our targets;
                      linkers leave MIPS procedure tables of 50 kB behind)
"""
import struct
import subprocess
import sys

ALLOC, EXEC, NOBITS = 2, 4, 8


class Elf:
    def __init__(self, path):
        self.data = data = open(path, "rb").read()
        self.wide = data[4] == 2
        self.order = "<" if data[5] == 1 else ">"
        self.head = "16sHHI" + ("QQQ" if self.wide else "III") + "I6H"
        (*_, self.phoff, shoff, _, _, phsize, phcount, _, count, names) = self.unpack(self.head, 0)
        self.programs = [self.unpack("IIQQQQQQ" if self.wide else "IIIIIIII", self.phoff + n * phsize)
                         for n in range(phcount)]
        self.shape = "IIQQQQIIQQ" if self.wide else "10I"
        size = struct.calcsize("<" + self.shape)
        raw = [self.unpack(self.shape, shoff + n * size) for n in range(count)]
        at = raw[names][4]
        self.sections = [(self.text(at + s[0]), *s[1:]) for s in raw]

    def unpack(self, shape, at):
        return struct.unpack_from(self.order + shape, self.data, at)

    def text(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode()

    def symbols(self):
        """(address, size, name, section number) of functions and data, by address."""
        shape = "IBBHQQ" if self.wide else "IIIBBH"
        step, found = struct.calcsize("<" + shape), []
        for _, kind, _, _, off, size, link, *_ in self.sections:
            if kind != 2:
                continue
            for at in range(off, off + size, step):
                if self.wide:
                    name, info, _, section, value, length = self.unpack(shape, at)
                else:
                    name, value, length, info, _, section = self.unpack(shape, at)
                if info & 15 in (1, 2) and length and section:
                    found.append((value, length, self.text(self.sections[link][4] + name), section))
        return sorted(found)


def demangle(names):
    """The names as Rust wrote them; unchanged where binutils is missing."""
    try:
        run = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True)
    except FileNotFoundError:
        return list(names)
    return run.stdout.split("\n")


def strip(source, target):
    elf = Elf(source)
    keep = [n for n, s in enumerate(elf.sections) if n == 0 or s[2] & ALLOC]
    end = max(p[2 if elf.wide else 1] + p[5 if elf.wide else 4] for p in elf.programs)
    names, table = b"\0", b""
    for n in keep:
        name, kind, flags, addr, off, size, link, *rest = elf.sections[n]
        link = keep.index(link) if link in keep else 0
        table += struct.pack(elf.order + elf.shape, len(names) if n else 0, kind, flags, addr, off, size, link, *rest)
        names += name.encode() + b"\0" if n else b""
    own = len(names)
    names += b".shstrtab\0"
    table += struct.pack(elf.order + elf.shape, own, 3, 0, 0, end, len(names), 0, 0, 1, 0)
    body = elf.data[:end] + names
    body += b"\0" * (-len(body) % 8)
    fields = list(struct.unpack_from(elf.order + elf.head, body))
    fields[6], fields[-2], fields[-1] = len(body), len(keep) + 1, len(keep)
    head = struct.pack(elf.order + elf.head, *fields)
    with open(target, "wb") as out:
        out.write(head + body[len(head):] + table)


if __name__ == "__main__":
    import os
    if len(sys.argv) != 4 or sys.argv[1] != "strip":
        sys.exit(__doc__)
    strip(*sys.argv[2:])
    os.chmod(sys.argv[3], 0o755)
