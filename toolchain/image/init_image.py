# toolchain/image/init_image.py - lays init out as the pages that the kernel maps
"""image(elf): what exokernel/boot/init_image.hpp describes; all numbers are little endian."""

import struct
import zlib

PAGE = 4096
HEADER = struct.Struct("<IIQ")  # CRC-32 of what follows it, number of segments, entry
SEGMENT = struct.Struct("<QII")  # address, pages, protection
SEGMENTS_MAX = 8
ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
PT_LOAD = 1
PF_EXECUTE, PF_WRITE = 1, 2
READ, WRITE, EXECUTE = 1, 2, 4


def segments(elf):
    """(address of the first page, protection, whole pages) of what an ELF file loads.
    ValueError: two segments share a page."""
    header = ELF_HEADER.unpack_from(elf)
    offset, count = header[5], header[10]
    found, free_from = [], 0
    for index in range(count):
        kind, flags, start, address, _, file_bytes, memory_bytes, _ = PROGRAM_HEADER.unpack_from(
            elf, offset + index * PROGRAM_HEADER.size)
        if kind != PT_LOAD or memory_bytes == 0:
            continue
        before = address % PAGE
        if address - before < free_from:
            raise ValueError("two segments of init share a page")
        contents = bytes(before) + elf[start:start + file_bytes]
        pages = -(-(before + memory_bytes) // PAGE)
        free_from = address - before + pages * PAGE
        protection = READ | (WRITE if flags & PF_WRITE else 0) | \
            (EXECUTE if flags & PF_EXECUTE else 0)
        found.append((address - before, protection, contents.ljust(pages * PAGE, b"\0")))
    return found


def make(entry, parts):
    """The image of (address, protection, pages) and an entry point."""
    if len(parts) > SEGMENTS_MAX:
        raise ValueError("init has too many segments")
    table = b"".join(SEGMENT.pack(address, len(pages) // PAGE, protection)
                     for address, protection, pages in parts)
    head = HEADER.pack(0, len(parts), entry) + table
    image = head.ljust(PAGE, b"\0") + b"".join(pages for _, _, pages in parts)
    return struct.pack("<I", zlib.crc32(image[4:])) + image[4:]


def image(elf):
    """The image of an ELF file."""
    return make(ELF_HEADER.unpack_from(elf)[4], segments(elf))
