# tests/guest/bad_input_test.py - init with a bad archive, manifest or app: a named error, no hang
import contextlib
import pathlib
import tempfile
import unittest

import archive
import init_image
from tests.boot import harness
from toolchain.cli import qemu

INIT_FAILED = 120
GOOD_LINE = "start shell quota=90% console=rw archive info power main\n"


class BadInputTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.image = harness.image_under_test()
        cls.entries = {(name, kind): contents for name, kind, contents in
                       archive.unpack(pathlib.Path(cls.image.archive).read_bytes())}

    def boot(self, changes=None, damage=None, script="echo shell runs"):
        """Boots the image with entries replaced (None: taken out) and then bytes of the archive
        changed by `damage`; returns (console, End, log)."""
        entries = dict(self.entries)
        entries.update(changes or {})
        packed = bytearray(archive.pack([(*key, contents) for key, contents in entries.items()
                                         if contents is not None]))
        if damage:
            damage(packed)
        with contextlib.ExitStack() as stack:
            file = stack.enter_context(tempfile.NamedTemporaryFile(dir="/tmp"))
            file.write(packed)
            file.flush()
            image = qemu.Image(kernel=self.image.kernel, archive=file.name, iso=self.image.iso)
            machine = stack.enter_context(harness.Machine(image, script=True, firmware="direct"))
            with contextlib.suppress(BrokenPipeError, ConnectionError):
                machine.send(script + "\n\x04")
            end = machine.wait_end()
            return machine.console.text, end, machine.log.text

    def manifest(self, text, **more):
        return self.boot({("manifest", archive.KIND_DATA): text.encode("latin-1")}, **more)

    def app(self, name, contents, **more):
        return self.boot({(name, archive.KIND_APP): contents}, **more)

    def init(self, contents):
        return self.boot({("init", archive.KIND_INIT): contents})

    def damaged_elf(self, name, offset, new):
        elf = bytearray(self.entries[name, archive.KIND_APP])
        elf[offset:offset + len(new)] = new
        return bytes(elf)

    def test_no_manifest(self):
        """Without a manifest init says so and powers off with 120."""
        out, end, _ = self.boot({("manifest", archive.KIND_DATA): None})
        self.assertEqual(out, "init: boot archive: archive_no_entry (the archive has no entry of "
                              "this name and kind)\n")
        self.assertEqual(end.status, INIT_FAILED)

    def test_damaged_manifest(self):
        """A manifest that fails its checksum is not used."""
        def damage(packed):
            packed[packed.rindex(b"start shell")] ^= 1
        out, end, _ = self.boot(damage=damage)
        self.assertIn("init: boot archive: archive_entry_damaged (", out)
        self.assertEqual(end.status, INIT_FAILED)

    def test_bad_lines(self):
        """Bad lines of the manifest are named, each with its number; the others count."""
        out, end, _ = self.manifest("stop hello\nstart hello\nstart hello quota=1X\n"
                                    "start hello quota=1M zoo\nstart nosuch quota=1M\n\x80\n" +
                                    GOOD_LINE)
        bad = "init: manifest line {}: manifest_bad_line: {}".format
        self.assertEqual(out.splitlines(), [
            bad(1, "a line begins with the word start: stop"),
            bad(2, "an app needs quota=SIZE: hello"),
            bad(3, "a quota is whole pages with K, M or G, or 1% to 100%: quota=1X"),
            bad(4, "unknown word: zoo"),
            "init: nosuch: archive_no_entry (the archive has no entry of this name and kind)",
            bad(6, "the line is not printable text"),
            "shell runs",
        ])
        self.assertEqual(end.status, 0)

    def test_no_main_app(self):
        """Nothing to wait for: init says so and powers off with 120."""
        for text in ("", "# nothing\n", "start hello quota=1M console=w\n"):
            out, end, _ = self.manifest(text)
            self.assertIn("init: no main app was started\n", out)
            self.assertEqual(end.status, INIT_FAILED)

    def test_quota_beyond_the_machine(self):
        """An app that asks for more than there is is not started."""
        out, end, _ = self.manifest("start shell quota=64G console=rw main\n")
        self.assertIn("init: shell: quota_exceeded (", out)
        self.assertEqual(end.status, INIT_FAILED)

    def test_app_without_console(self):
        """An app that was given nothing but its quota runs and ends."""
        out, end, _ = self.manifest("start hello quota=1M main\n")
        self.assertEqual((out, end.status), ("", 0))

    def test_main_app_that_faults(self):
        """The main app's fault is told in one line, and the machine goes off with 139."""
        out, end, _ = self.manifest("start crash_demo quota=1M console=w main -- null\n")
        self.assertRegex(out, r"\Aenv [0-9]+ crash_demo: page fault write at 0x0, rip "
                              r"0x[0-9a-f]+ \(crash_null\+0x[0-9a-f]+\)\n\Z")
        self.assertEqual(end.status, 139)

    def test_damaged_main_app(self):
        """Each way to damage the shell's ELF file is named; init powers off with 120."""
        elf = self.entries["shell", archive.KIND_APP]
        for contents, error in (
                (b"", "elf_truncated"),
                (elf[:100], "elf_truncated"),
                (b"#!/bin/sh" + elf[9:], "elf_magic"),
                (self.damaged_elf("shell", 18, b"\x03"), "elf_not_x86_64"),
                (self.damaged_elf("shell", 16, b"\x03"), "elf_not_static"),
                (self.damaged_elf("shell", 56, b"\x00"), "elf_no_segment"),
                (self.damaged_elf("shell", 24, b"\xff" * 8), "elf_bad_entry")):
            out, end, _ = self.app("shell", contents)
            self.assertIn(f"init: shell: {error} (", out)
            self.assertIn("init: no main app was started\n", out)
            self.assertEqual(end.status, INIT_FAILED)

    def test_damaged_app_in_the_shell(self):
        """A damaged app is named by run, with status 126; the shell goes on."""
        out, end, _ = self.app("hello", self.damaged_elf("hello", 0, b"\0"),
                               script="run hello; echo $?")
        self.assertEqual(out, "run: hello: elf_magic (not an ELF file)\n126\n")
        self.assertEqual(end.status, 0)

    def test_damaged_symbols(self):
        """Without a sound symbol table a crash is told without the function's name."""
        for contents in (None, b"", b"LAMSYMS1\xff\xff\xff\xff\xff\xff\xff\xff"):
            out, end, _ = self.boot({("crash_demo", archive.KIND_SYMBOLS): contents},
                                    script="run crash_demo null; echo $?")
            self.assertRegex(out, r"\Aenv [0-9]+ crash_demo: page fault write at 0x0, rip "
                                  r"0x[0-9a-f]+\n139\n\Z")
            self.assertEqual(end.status, 0)

    def test_init_that_exits(self):
        """An init that ends by itself, without powering off, is a panic that says so."""
        _, end, log = self.init(init_image.image(self.entries["hello", archive.KIND_APP]))
        self.assertIn("panic: init has ended: it exited, status 0\r\n", log)
        self.assertIsNone(end.status)

    def test_init_that_crashes(self):
        """So is an init that takes an exception; the log has where."""
        entry = 0x40_0800
        _, end, log = self.init(init_image.make(
            0x40_0000, entry, code=bytes(0x800) + b"\x0f\x0b" + bytes(0x7FE)))
        self.assertRegex(log, rf"env: 1 init: invalid opcode, .*rip {entry:#x}\r\n")
        self.assertIn("panic: init has ended: an exception, status 139\r\n", log)
        self.assertIsNone(end.status)

    def test_protection_of_init(self):
        """init's pages are mapped as its image says: not written or executed beyond that."""
        page = bytes(init_image.PAGE)
        write_to, jump_to = "c60425{}01", "b8{}ffe0"  # mov byte [x], 1; mov eax, x, jmp rax
        for code, address, error_code in ((write_to, 0x40_1000, 7), (write_to, 0x40_0000, 7),
                                          (jump_to, 0x40_0000, 0x15), (jump_to, 0x40_2000, 0x15)):
            code = bytes.fromhex(code.format(address.to_bytes(4, "little").hex()))
            code = bytes.fromhex(write_to.format("00204000")) + code  # the one write that is legal
            _, _, log = self.init(init_image.make(
                0x40_0000, 0x40_1000, page, code.ljust(init_image.PAGE, b"\0"), page))
            self.assertIn(f"env: 1 init: page fault, error code {error_code:#x}, "
                          f"address {address:#x}, ", log)

    def test_archive_the_kernel_cannot_read(self):
        """A damaged archive ends the boot with the error's name on the log."""
        def truncated(packed):
            del packed[5000:]

        def wrong_magic(packed):
            packed[0] ^= 1

        for damage, error in ((truncated, "archive_truncated"), (wrong_magic, "archive_magic")):
            _, end, log = self.boot(damage=damage)
            self.assertRegex(log, rf"panic: .*{error}")
            self.assertIsNone(end.status)

    def test_init_the_kernel_cannot_load(self):
        """A bad init ends the boot with the error's name on the log."""
        page = bytes(init_image.PAGE)
        good = init_image.make(0x40_0000, 0x40_0000, code=page)
        for init, error in (
                (None, "archive_no_entry"),
                (b"no program", "archive_truncated"),
                (good[:-1] + b"\x01", "archive_entry_damaged"),
                (init_image.make(0x40_0000, 0x40_0000, data=page), "bad_address"),
                (init_image.make(0x7fff_ffff_d000, 0x7fff_ffff_d000, code=page), "already_mapped"),
                (init_image.make(0x40_0800, 0x40_0800, code=page), "bad_address")):
            _, end, log = self.init(init)
            self.assertRegex(log, rf"panic: cannot start init: {error}, ")
            self.assertIsNone(end.status)

    def test_archive_init_cannot_read(self):
        """The kernel reads nothing of the table; init finds its damage and powers off with 120."""
        def damage(packed):
            packed[archive.HEADER.size] ^= 1
        out, end, _ = self.boot(damage=damage)
        self.assertIn("init: boot archive: archive_table_damaged (", out)
        self.assertEqual(end.status, INIT_FAILED)


if __name__ == "__main__":
    harness.main()
