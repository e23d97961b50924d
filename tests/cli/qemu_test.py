# tests/cli/qemu_test.py - the machine as QEMU's command line
import pathlib
import tempfile
import unittest

from toolchain.cli.qemu import Image, Machine, command_line, file_device

IMAGE = Image(kernel="k.elf", archive="a.archive", iso="i,1.iso")


def arguments(**settings):
    """The command line of a machine."""
    return command_line(Machine(**settings), IMAGE, "socket,fd=3", file_device("l,og"))


def value(argv, name):
    """What follows the option."""
    return argv[argv.index(name) + 1]


class QemuTest(unittest.TestCase):
    def test_direct(self):
        """direct gives QEMU the kernel, the archive as initrd and the words."""
        argv = arguments(words=("a", "b=c"))
        self.assertEqual(value(argv, "-kernel"), "k.elf")
        self.assertEqual(value(argv, "-initrd"), "a.archive")
        self.assertEqual(value(argv, "-append"), "a b=c")
        self.assertNotIn("-bios", argv)

    def test_iso(self):
        """bios and uefi boot the ISO, with the words in the SMBIOS tables; commas are doubled."""
        for firmware in ("bios", "uefi"):
            argv = arguments(firmware=firmware, words=("x=1,2",))
            self.assertNotIn("-kernel", argv)
            self.assertIn("file=i,,1.iso", value(argv, "-drive"))
            self.assertEqual(value(argv, "-smbios"), "type=11,value=x=1,,2")
        self.assertIn("-bios", argv)
        self.assertEqual(value(argv, "-M"), "q35")

    def test_icount(self):
        """--icount fixes clock, seed and processor, so that counts repeat."""
        argv = arguments(icount=True)
        self.assertEqual(value(argv, "-icount"), "shift=0,sleep=off")
        self.assertEqual(value(argv, "-seed"), "1")
        self.assertIn("clock=vm", value(argv, "-rtc"))
        self.assertEqual(value(argv, "-cpu"), "max,-erms,-la57")
        self.assertEqual(value(arguments(), "-cpu"), "max")

    def test_console_and_log(self):
        """The first serial port is the console, the second the log."""
        argv = arguments()
        ports = [argv[index + 1] for index, word in enumerate(argv) if word == "-serial"]
        self.assertEqual(ports, ["chardev:console", "chardev:log"])
        self.assertIn("file,path=l,,og,id=log", argv)

    def test_disk_format(self):
        """A disk is qcow2 if it starts like one, else raw; QEMU is never left to guess."""
        with tempfile.TemporaryDirectory() as folder:
            for content, expected in ((b"QFI\xfb\0\0\0\3", "qcow2"), (b"\0" * 512, "raw")):
                disk = pathlib.Path(folder, expected)
                disk.write_bytes(content)
                argv = arguments(disk=str(disk))
                self.assertIn(f"format={expected},", value(argv, "-drive"))


if __name__ == "__main__":
    unittest.main()
