# tests/toolchain/image_test.py - images: size, the same bytes from anywhere, what is in them
import os
import pathlib
import subprocess
import tempfile
import unittest

import archive
import init_image
import symbols

KERNEL_BYTES_MAX = 256 * 1024
ISO_BYTES_MAX = 2_500_000


def path_of(variable):
    return pathlib.Path(os.environ[variable])


def make_iso(folder):
    """Calls the image tool as the build does, in `folder`, with copies of its inputs there."""
    inputs = []
    for variable in ("LAMINA_KERNEL", "LAMINA_ARCHIVE", "GRUB_CFG"):
        inputs.append(folder / f"input{len(inputs)}")
        inputs[-1].write_bytes(path_of(variable).read_bytes())
    subprocess.run(["/usr/bin/python3", "-B", os.environ["ISO_TOOL"], folder / "out.iso", *inputs],
                   check=True)
    return (folder / "out.iso").read_bytes()


class Sizes(unittest.TestCase):
    def test_kernel(self):
        """The stripped kernel takes at most 256 KiB."""
        self.assertLessEqual(path_of("LAMINA_KERNEL").stat().st_size, KERNEL_BYTES_MAX)

    def test_kernel_is_stripped(self):
        """The kernel that boots has no symbols and no debug information."""
        self.assertEqual(symbols.functions(path_of("LAMINA_KERNEL").read_bytes()), [])
        self.assertNotIn(b".debug_info", path_of("LAMINA_KERNEL").read_bytes())

    def test_image(self):
        """An image without apps takes at most 2.5 MB."""
        self.assertEqual(archive.unpack(path_of("LAMINA_ARCHIVE").read_bytes()), [])
        self.assertLessEqual(path_of("LAMINA_ISO").stat().st_size, ISO_BYTES_MAX)


class Reproducible(unittest.TestCase):
    def test_iso(self):
        """Two folders give the same ISO, byte for byte, which is also the build's."""
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            first = make_iso(pathlib.Path(one))
            second = make_iso(pathlib.Path(other))
        self.assertEqual(first, second)
        self.assertEqual(first, path_of("LAMINA_ISO").read_bytes())


class DefaultImage(unittest.TestCase):
    def test_every_app_has_symbols(self):
        """Each app of the default image travels with a table that names its entry point."""
        entries = archive.unpack(path_of("DEFAULT_ARCHIVE").read_bytes())
        starts = {name: symbols.ELF_HEADER.unpack_from(data)[4]
                  for name, kind, data in entries if kind == archive.KIND_APP}
        starts |= {name: init_image.HEADER.unpack_from(data)[5]
                   for name, kind, data in entries if kind == archive.KIND_INIT}
        tables = {name: data for name, kind, data in entries if kind == archive.KIND_SYMBOLS}
        self.assertGreater(len(starts), 2)
        self.assertEqual(starts.keys(), tables.keys())
        for name, entry in starts.items():
            self.assertIn(symbols.lookup(tables[name], entry),
                          [("_start", 0), ("lamina_entry", 0)], name)

    def test_manifest(self):
        """The default image has a manifest for init."""
        entries = archive.unpack(path_of("DEFAULT_ARCHIVE").read_bytes())
        self.assertIn(("manifest", archive.KIND_DATA), [(name, kind) for name, kind, _ in entries])


if __name__ == "__main__":
    unittest.main()
