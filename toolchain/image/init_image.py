# toolchain/image/init_image.py - lays init out as the pages that the kernel maps
"""image(elf): what exokernel/boot/init_image.hpp describes; all numbers are little endian."""

import struct
import zlib

PAGE = 4096
HEADER = struct.Struct("<I3IQQ")  # CRC-32 of what follows it, pages of each part, address, entry
ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
PT_LOAD = 1
HOLE_MAX = 16 * PAGE  # between two segments; filled with zeroes
PF_EXECUTE, PF_WRITE = 1, 2
PARTS = {0: 0, PF_EXECUTE: 1, PF_WRITE: 2}  # constants, code, data


def parts(elf):
    """(address of the first page, [constants, code, data] in whole pages) of what an ELF file
    loads. ValueError: its segments share a page or are not in this order."""
    header = ELF_HEADER.unpack_from(elf)
    offset, count = header[5], header[10]
    found, begin, end, last = [b"", b"", b""], None, None, 0
    for index in range(count):
        kind, flags, start, address, _, file_bytes, memory_bytes, _ = PROGRAM_HEADER.unpack_from(
            elf, offset + index * PROGRAM_HEADER.size)
        if kind != PT_LOAD or memory_bytes == 0:
            continue
        part = PARTS.get(flags & (PF_EXECUTE | PF_WRITE))
        if part is None or part < last:
            raise ValueError("init is not constants, code and data in this order")
        before = address % PAGE
        if begin is None:
            begin = end = address - before
        if not end <= address - before <= end + HOLE_MAX:
            raise ValueError("segments of init share a page or lie far apart")
        found[last] += bytes(address - before - end)
        contents = bytes(before) + elf[start:start + file_bytes]
        pages = -(-(before + memory_bytes) // PAGE)
        found[part] += contents.ljust(pages * PAGE, b"\0")
        end, last = address - before + pages * PAGE, part
    return begin, found


def make(address, entry, constants=b"", code=b"", data=b""):
    """The image of parts in whole pages, from an address on, and an entry point."""
    pages = (constants, code, data)
    head = HEADER.pack(0, *(len(part) // PAGE for part in pages), address, entry)
    image = head.ljust(PAGE, b"\0") + b"".join(pages)
    return struct.pack("<I", zlib.crc32(image[4:])) + image[4:]


def image(elf):
    """The image of an ELF file."""
    address, pages = parts(elf)
    return make(address, ELF_HEADER.unpack_from(elf)[4], *pages)
