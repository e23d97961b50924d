# toolchain/image/symbols.py - the compact symbol table that travels with each app
"""table(elf): functions of an ELF file by address, demangled, without parameter lists."""

import struct
import subprocess

MAGIC = b"LAMSYMS1"
HEADER = struct.Struct("<8sII")
ENTRY = struct.Struct("<QII")
ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
SECTION = struct.Struct("<IIQQQQIIQQ")
SYMBOL = struct.Struct("<IBBHQQ")
SHT_SYMTAB, STT_FUNC, SHN_UNDEF = 2, 2, 0


def functions(elf):
    """(address, size in bytes, mangled name) of each defined function, sorted.

    One name for an address: of several, the first in alphabetical order with a size."""
    header = ELF_HEADER.unpack_from(elf)
    section_offset, section_count = header[6], header[12]
    sections = [SECTION.unpack_from(elf, section_offset + i * SECTION.size)
                for i in range(section_count)]
    by_address = {}
    for _, kind, _, _, offset, size, link, *_ in sections:
        if kind != SHT_SYMTAB:
            continue
        names = sections[link][4]
        for at in range(offset, offset + size, SYMBOL.size):
            name, info, _, section, address, length = SYMBOL.unpack_from(elf, at)
            if info & 15 != STT_FUNC or section == SHN_UNDEF:
                continue
            end = elf.index(b"\0", names + name)
            entry = (length == 0, elf[names + name:end].decode(), length)
            by_address[address] = min(by_address.get(address, entry), entry)
    return [(address, length, name) for address, (_, name, length) in sorted(by_address.items())]


def demangle(names):
    """The readable names, without parameters, in the same order."""
    if not names:
        return []
    done = subprocess.run(["/usr/bin/llvm-cxxfilt-19", "--no-params"], check=True, text=True,
                          input="\n".join(names) + "\n", stdout=subprocess.PIPE)
    return done.stdout.splitlines()


def table(elf):
    """The symbol table's bytes: magic, count, size of strings, entries, strings."""
    found = functions(elf)
    strings, offsets, entries = b"", {}, b""
    for (address, length, _), name in zip(found, demangle([f[2] for f in found]), strict=True):
        if name not in offsets:
            offsets[name] = len(strings)
            strings += name.encode() + b"\0"
        entries += ENTRY.pack(address, min(length, 0xFFFFFFFF), offsets[name])
    return HEADER.pack(MAGIC, len(found), len(strings)) + entries + strings


def lookup(data, address):
    """(name, offset) of the function at `address` in a table's bytes, or None."""
    _, count, strings_size = HEADER.unpack_from(data)
    entries = data[HEADER.size:HEADER.size + count * ENTRY.size]
    strings = data[len(data) - strings_size:]
    for start, length, name in ENTRY.iter_unpack(entries):
        if start <= address < start + length:
            return strings[name:strings.index(b"\0", name)].decode(), address - start
    return None
