"""GNU tar, gzip and ar, the same bytes each time."""

import gzip
import io
import tarfile


def tar(entries, date, prefix="./"):
    """Entries of a Tree, owned by 0:0 without names."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        if prefix == "./":
            archive.addfile(member(".", 0o040755, None, date))
        for path, (mode, data) in entries:
            archive.addfile(member(prefix + path, mode, data, date), io.BytesIO(data or b""))
    return out.getvalue()


def member(name, mode, data, date):
    info = tarfile.TarInfo(name)
    info.mode, info.mtime, info.uid, info.gid = mode & 0o7777, date, 0, 0
    kind = mode & 0o170000
    if kind == 0o040000:
        info.type = tarfile.DIRTYPE
        info.name += "/"
    elif kind == 0o120000:
        info.type, info.linkname = tarfile.SYMTYPE, data.decode()
    else:
        info.size = len(data)
    return info


def packed(data):
    """gzip without a name and a time."""
    return gzip.compress(data, 9, mtime=0)


def ar(members, date):
    out = b"!<arch>\n"
    for name, data in members:
        out += f"{name:<16}{date:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
        out += data + b"\n" * (len(data) % 2)
    return out
