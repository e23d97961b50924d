# toolchain/cli/archive.py - lists a boot archive; include/lamina/archive.hpp has the format
import dataclasses
import struct

from toolchain.cli.errors import Broken

MAGIC = b"LAMARCH1"
HEADER = struct.Struct("<8sIIQII")
ENTRY = struct.Struct("<40sIIQQ")
KINDS = {1: "app", 2: "symbols", 3: "file", 4: "init"}


@dataclasses.dataclass(frozen=True)
class Entry:
    """One file in an archive; `size` in bytes."""

    name: str
    kind_name: str
    size: int


def entries(path):
    """The entries of the archive, in its order."""
    with open(path, "rb") as file:
        data = file.read()
    magic, _, count, *_ = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise Broken(f"{path} is no boot archive")
    found = []
    for index in range(count):
        name, kind, _, _, size = ENTRY.unpack_from(data, HEADER.size + index * ENTRY.size)
        found.append(Entry(name.rstrip(b"\0").decode("ascii"), KINDS.get(kind, str(kind)), size))
    return found
