# toolchain/image/archive.py - packs apps, their symbol tables and data files into the boot archive
"""Usage: archive.py OUT [--app NAME=ELF=DEBUG]... [--file NAME=PATH]...

The format is described in include/lamina/archive.hpp. The app init, which the kernel starts, is
laid out for it. The same inputs give the same bytes."""

import argparse
import struct
import sys
import zlib

import init_image
import symbols

MAGIC = b"LAMARCH1"
VERSION = 2
HEADER = struct.Struct("<8sIIQII")
ENTRY = struct.Struct("<40sIIQQ")
PAGE = 4096
KIND_APP, KIND_SYMBOLS, KIND_DATA, KIND_INIT = 1, 2, 3, 4
NAME_BYTES_MAX = 39


def round_up(offset):
    return (offset + PAGE - 1) // PAGE * PAGE


def encode_name(name):
    """The name's 40 bytes. ValueError: empty, too long, or not printable ASCII without spaces."""
    if not 0 < len(name) <= NAME_BYTES_MAX or not all("!" <= c <= "~" for c in name):
        raise ValueError(f"bad entry name {name!r}")
    return name.encode("ascii")


def pack(entries):
    """The archive of (name, kind, contents) in any order. ValueError: bad or equal names."""
    entries = sorted((encode_name(name), kind, contents) for name, kind, contents in entries)
    for before, after in zip(entries, entries[1:]):
        if before[:2] == after[:2]:
            raise ValueError(f"two entries {before[0].decode()!r} of kind {before[1]}")
    table, blob = b"", b""
    init_page = 0
    first = round_up(HEADER.size + ENTRY.size * len(entries))
    for name, kind, contents in entries:
        blob += bytes(round_up(len(blob)) - len(blob))
        if kind == KIND_INIT:
            init_page = (first + len(blob)) // PAGE
        table += ENTRY.pack(name, kind, zlib.crc32(contents), first + len(blob), len(contents))
        blob += contents
    head = HEADER.pack(MAGIC, VERSION, len(entries), first + len(blob), zlib.crc32(table),
                       init_page)
    return head + table + bytes(first - HEADER.size - len(table)) + blob


def unpack(archive):
    """The (name, kind, contents) of an archive of ours. ValueError: what does not add up."""
    magic, version, count, size, crc, _ = HEADER.unpack_from(archive)
    if (magic, version, size) != (MAGIC, VERSION, len(archive)):
        raise ValueError("bad archive header")
    table = archive[HEADER.size:HEADER.size + count * ENTRY.size]
    if zlib.crc32(table) != crc:
        raise ValueError("bad archive table")
    entries = []
    for name, kind, crc, offset, size in ENTRY.iter_unpack(table):
        contents = archive[offset:offset + size]
        if offset % PAGE or len(contents) != size or zlib.crc32(contents) != crc:
            raise ValueError(f"bad archive entry {name!r}")
        entries.append((name.rstrip(b"\0").decode("ascii"), kind, contents))
    return entries


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("out")
    parser.add_argument("--app", action="append", default=[], metavar="NAME=ELF=DEBUG")
    parser.add_argument("--file", action="append", default=[], metavar="NAME=PATH")
    args = parser.parse_args()
    entries = []
    for app in args.app:
        name, elf, debug = app.split("=")
        if name == "init":
            entries.append((name, KIND_INIT, init_image.image(read(elf))))
        else:
            entries.append((name, KIND_APP, read(elf)))
        entries.append((name, KIND_SYMBOLS, symbols.table(read(debug))))
    for file in args.file:
        name, path = file.split("=")
        entries.append((name, KIND_DATA, read(path)))
    try:
        archive = pack(entries)
    except ValueError as error:
        sys.exit(f"archive: {error}")
    with open(args.out, "wb") as out:
        out.write(archive)


if __name__ == "__main__":
    main()
