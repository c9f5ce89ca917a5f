"""The database format of apk v3, as far as a package needs it: values are words of four
bits of type and 28 bits of number or place; texts, objects and arrays lie before what
points to them, equal ones once."""

import hashlib
import struct

NUMBER, NUMBER_32, NUMBER_64 = 0x10000000, 0x20000000, 0x30000000
TEXT_8, TEXT_16, TEXT_32 = 0x80000000, 0x90000000, 0xA0000000
OBJECT = 0xE0000000
NULL = 0

BLOCK_DATABASE, BLOCK_DATA = 0, 2
ALL_RELATIONS, CONFLICT = 7, 16


class Database:
    def __init__(self):
        # Version 0 that version 0 reads; the root comes at the end.
        self.bytes = bytearray(8)
        self.known = {}

    def put(self, data, alignment, once=True):
        at = self.known.get(data) if once else None
        if at is not None and at % alignment == 0:
            return at
        self.bytes += bytes(-len(self.bytes) % alignment)
        at = len(self.bytes)
        self.bytes += data
        if once:
            self.known[data] = at
        return at

    def text(self, data, once=True):
        if isinstance(data, str):
            data = data.encode()
        if not data:
            return NULL
        if len(data) > 0xFFFF:
            return TEXT_32 | self.put(struct.pack("<I", len(data)) + data, 4, once)
        if len(data) > 0xFF:
            return TEXT_16 | self.put(struct.pack("<H", len(data)) + data, 2, once)
        return TEXT_8 | self.put(bytes([len(data)]) + data, 1, once)

    def number(self, value):
        if value >= 1 << 32:
            return NUMBER_64 | self.put(struct.pack("<Q", value), 4)
        if value >= NUMBER:
            return NUMBER_32 | self.put(struct.pack("<I", value), 4)
        return NUMBER | value

    def object(self, fields):
        """Fields by number from 1; arrays are objects whose fields are the items."""
        values = [fields.get(number, NULL) for number in range(1, max(fields, default=0) + 1)]
        while values and values[-1] == NULL:
            values.pop()
        if not values:
            return NULL
        return OBJECT | self.put(struct.pack(f"<{len(values) + 1}I", len(values) + 1, *values), 4)

    def array(self, values):
        return self.object(dict(enumerate(values, 1)))

    def relation(self, text):
        """NAME, NAME=VERSION or !NAME."""
        fields = {}
        conflict, text = text.startswith("!"), text.removeprefix("!")
        name, equal, version = text.partition("=")
        fields[1] = self.text(name)
        if equal:
            fields[2] = self.text(version)
        if conflict:
            fields[3] = self.number(CONFLICT | ALL_RELATIONS)
        return self.object(fields)

    def relations(self, texts):
        by_name = sorted(texts, key=lambda text: text.removeprefix("!").partition("=")[0])
        made = {text: self.relation(text) for text in texts}
        return self.array([made[text] for text in by_name])

    def finish(self, root):
        struct.pack_into("<I", self.bytes, 4, root)


def block(kind, data):
    """Four octets of kind and length, the data, zeros up to a multiple of eight."""
    size = 4 + len(data)
    return struct.pack("<I", kind << 30 | size) + data + bytes(-size % 8)


def identity(database):
    """What names a package: the beginning of the digest of its database."""
    return hashlib.sha256(database.bytes).digest()[:20]
