# tests/toolchain/archive_test.py - the packer of the boot archive and of symbol tables
import pathlib
import struct
import subprocess
import tempfile
import unittest
import zlib

import archive
import init_image
import symbols

PROGRAM = """
namespace outer { __attribute__((noinline)) int inner(int a, char) { return a * 3; } }
template <class T> __attribute__((noinline)) T twice(T a) { return a * 2; }
int data = 5;
extern "C" int _start() { return outer::inner(data, 'x') + twice<int>(data); }
"""


class Packing(unittest.TestCase):
    def test_round_trip(self):
        """What was packed comes out, sorted by name and kind."""
        entries = [("b", 2, b"symbols"), ("b", 1, b"x" * 5000), ("a", 3, b"")]
        self.assertEqual(archive.unpack(archive.pack(entries)), sorted(entries))

    def test_order_of_input_does_not_count(self):
        """The same entries in another order give the same bytes."""
        entries = [("a", 1, b"1"), ("b", 1, b"2"), ("a", 2, b"3")]
        self.assertEqual(archive.pack(entries), archive.pack(entries[::-1]))

    def test_layout(self):
        """Contents start on page boundaries, do not overlap; what lies between them is zero."""
        packed = archive.pack([("a", 1, b"\xff" * 4097), ("b", 1, b"\xff" * 10)])
        count, total = struct.unpack_from("<IQ", packed, 12)
        offsets = [struct.unpack_from("<QQ", packed, 32 + 64 * i + 48) for i in range(count)]
        self.assertEqual(offsets, [(4096, 4097), (12288, 10)])
        self.assertEqual(total, len(packed))
        self.assertEqual(packed.count(b"\xff", 160), 4097 + 10)
        self.assertEqual(packed[32 + 128:4096].strip(b"\0"), b"")

    def test_empty(self):
        """An archive without entries is its header, padded to a page."""
        self.assertEqual(archive.unpack(archive.pack([])), [])

    def test_bad_names(self):
        """A name that the format cannot hold, or that is there twice, is refused."""
        for name in ("", "a" * 40, "a b", "a\n", "\u00e4"):
            self.assertRaises(ValueError, archive.pack, [(name, 1, b"")])
        self.assertRaises(ValueError, archive.pack, [("a", 1, b""), ("a", 1, b"x")])
        archive.pack([("a" * 39, 1, b"")])

    def test_damage_is_found(self):
        """A flipped byte in header, table or contents is noticed."""
        packed = archive.pack([("a", 1, b"contents")])
        for at in (0, 12, 16, 24, 40, 4096):
            damaged = bytearray(packed)
            damaged[at] ^= 1
            with self.assertRaises(ValueError, msg=str(at)):
                archive.unpack(bytes(damaged))


class InitImage(unittest.TestCase):
    @staticmethod
    def elf(*headers):
        """An ELF file that loads what is in each (flags, address, contents, size in memory)."""
        table, blob = b"", b""
        first = init_image.ELF_HEADER.size + len(headers) * init_image.PROGRAM_HEADER.size
        for flags, address, contents, size in headers:
            table += init_image.PROGRAM_HEADER.pack(1, flags, first + len(blob), address, address,
                                                    len(contents), size, 4096)
            blob += contents
        return init_image.ELF_HEADER.pack(b"\x7fELF", 2, 62, 1, 0x401234, 64, 0, 0, 64, 56,
                                          len(headers), 64, 0, 0) + table + blob

    def test_layout(self):
        """Segments become whole pages, what is before and behind their contents zero."""
        image = init_image.image(self.elf((4, 0x400000, b"constants", 9), (5, 0x401010, b"code", 4),
                                          (6, 0x402ffe, b"data", 0x1003), (4, 0x500000, b"", 0)))
        self.assertEqual(init_image.HEADER.unpack_from(image),
                         (zlib.crc32(image[4:]), 1, 1, 3, 0x400000, 0x401234))
        self.assertEqual(image[init_image.HEADER.size:4096].strip(b"\0"), b"")
        self.assertEqual(len(image), 6 * 4096)
        for page, contents in ((1, b"constants"), (2, bytes(16) + b"code"),
                               (3, bytes(4094) + b"da"), (4, b"ta"), (5, b"")):
            self.assertEqual(image[4096 * page:4096 * (page + 1)], contents.ljust(4096, b"\0"))

    def test_hole(self):
        """A hole between two segments is part of the one before; several of a kind are one part."""
        image = init_image.image(self.elf((4, 0x400000, b"a", 1), (4, 0x401000, b"b", 1),
                                          (5, 0x404000, b"c", 1)))
        self.assertEqual(init_image.HEADER.unpack_from(image)[1:5], (4, 1, 0, 0x400000))
        self.assertEqual([image[4096 * i:4096 * i + 1] for i in range(1, 6)],
                         [b"a", b"b", b"\0", b"\0", b"c"])

    def test_refused(self):
        """Segments that share a page, are out of order, far apart, or writable and executable."""
        good = (5, 0x401000, b"", 16)
        init_image.image(self.elf((4, 0x400000, b"", 16), good, (6, 0x402000, b"", 16)))
        for bad in ((6, 0x401800, b"", 16), (6, 0x400000, b"", 16), (4, 0x402000, b"", 16),
                    (7, 0x402000, b"", 16), (6, 0x4000_0000, b"", 16)):
            self.assertRaises(ValueError, init_image.image, self.elf(good, bad))

    def test_found(self):
        """The header of the archive says at which page init is; 0 if it has none."""
        image = init_image.make(0x400000, 0x400000, code=bytes(4096))
        packed = archive.pack([("a", 3, bytes(5000)), ("init", archive.KIND_INIT, image)])
        page, = struct.unpack_from("<I", packed, 28)
        self.assertEqual(packed[page * 4096:], image)
        self.assertEqual(struct.unpack_from("<I", archive.pack([("a", 3, b"")]), 28), (0,))


class Symbols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            source, elf = pathlib.Path(folder, "a.cpp"), pathlib.Path(folder, "a")
            source.write_text(PROGRAM, encoding="ascii")
            subprocess.run(["/usr/bin/clang-19", "-O1", "-ffreestanding", "-nostdlib", "-static",
                            "-fuse-ld=lld", "-o", elf, source], check=True)
            cls.elf = elf.read_bytes()
        cls.table = symbols.table(cls.elf)
        cls.found = {name: (address, size) for address, size, name in symbols.functions(cls.elf)}

    def test_names(self):
        """Functions are named as in the source, without parameters; data is left out."""
        strings = self.table[-struct.unpack_from("<I", self.table, 12)[0]:]
        self.assertEqual(sorted(strings.rstrip(b"\0").split(b"\0")),
                         [b"_start", b"outer::inner", b"twice<int>"])

    def test_sorted(self):
        """Entries come in the order of their addresses."""
        count = struct.unpack_from("<I", self.table, 8)[0]
        addresses = [struct.unpack_from("<Q", self.table, 16 + 16 * i)[0] for i in range(count)]
        self.assertEqual(addresses, sorted(addresses))
        self.assertEqual(count, len(self.found))

    def test_lookup(self):
        """An address inside a function gives its name and the offset; outside of all, nothing."""
        address, size = self.found["_ZN5outer5innerEic"]
        self.assertEqual(symbols.lookup(self.table, address + 2), ("outer::inner", 2))
        self.assertNotEqual(symbols.lookup(self.table, address + size), ("outer::inner", size))
        self.assertIsNone(symbols.lookup(self.table, 0))


if __name__ == "__main__":
    unittest.main()
