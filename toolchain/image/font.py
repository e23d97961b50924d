# toolchain/image/font.py - GRUB's Unifont to the 8x16 bitmap of the kernel's screen
"""Usage: font.py PF2 OUT. Writes the rows of ASCII 32..126, 16 bytes a character, as C++ numbers.

PF2 is described in GRUB's manual for developers, "PFF2 font file format"."""

import struct
import sys

FIRST, LAST, ROWS = 32, 126, 16


def read_sections(pf2):
    """The sections before DATA, by four-letter name."""
    sections, at = {}, 0
    while at < len(pf2):
        name, size = struct.unpack_from(">4sI", pf2, at)
        if name == b"DATA":
            break
        sections[name] = pf2[at + 8:at + 8 + size]
        at += 8 + size
    return sections


def read_glyph(pf2, offset, ascent):
    """The 16 rows of the glyph whose record starts at `offset`; bit 7 is the leftmost pixel."""
    width, height, left, bottom, _advance = struct.unpack_from(">HHhhh", pf2, offset)
    bitmap = pf2[offset + 10:offset + 10 + (width * height + 7) // 8]
    rows = [0] * ROWS
    top = ascent - bottom - height
    for bit in range(width * height):
        if bitmap[bit // 8] >> (7 - bit % 8) & 1:
            row, column = top + bit // width, left + bit % width
            if not (0 <= row < ROWS and 0 <= column < 8):
                sys.exit("font: a glyph does not fit into 8x16")
            rows[row] |= 0x80 >> column
    return rows


def main():
    with open(sys.argv[1], "rb") as file:
        pf2 = file.read()
    sections = read_sections(pf2)
    ascent = struct.unpack(">H", sections[b"ASCE"])[0]
    offsets = {code: offset for code, _, offset in struct.iter_unpack(">IBI", sections[b"CHIX"])}
    with open(sys.argv[2], "w", encoding="ascii") as out:
        out.write("// toolchain/image/font.inc - 8x16 bitmaps of ASCII 32 to 126 (generated)\n")
        for code in range(FIRST, LAST + 1):
            rows = read_glyph(pf2, offsets[code], ascent)
            out.write(", ".join(f"0x{row:02x}" for row in rows) + f",  // {code}\n")


if __name__ == "__main__":
    main()
