# tests/boot/tool_test.py - how `lamina shell -c` and `lamina run` boot: output, ends, limits
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from tests.boot import harness
from toolchain.cli import guest, measure, qemu
from toolchain.cli.errors import Broken, TimedOut
from toolchain.cli.relay import Source

SCRIPT = ("console=script", "panic=exit")
# Stands for the tool without the build before it: boots, and sleeps in an endless app.
PROGRAM = """
import sys
from tests.boot import harness
from toolchain.cli import guest, main, qemu
from toolchain.cli.relay import Source
main._dispatch = lambda argv: guest.run(
    qemu.Machine(words=("console=script",)), harness.image_under_test(),
    Source(text=b"echo started\\nrun crash_demo loop\\n"), 1).status
sys.exit(main.main([]))
"""


class ToolTest(harness.BootTest):
    def setUp(self):
        self.sink = tempfile.TemporaryFile()
        self.addCleanup(self.sink.close)

    def boot_script(self, script, image=None, **options):
        """The End of a machine that runs the script."""
        return guest.run(qemu.Machine(words=SCRIPT), image or harness.image_under_test(),
                         Source(text=script.encode()), self.sink.fileno(), **options)

    def output(self):
        """What came out."""
        self.sink.seek(0)
        return self.sink.read().decode()

    def test_status_and_output(self):
        """Only what the commands print comes out, and the end has their last status."""
        self.assertEqual(self.boot_script("echo a\nrun crash_demo\n").status, 2)
        self.assertRegex(self.output(), r"\Aa\nusage: crash_demo [^\n]*\n\Z")

    def test_log_file(self):
        """The kernel's log is kept where it was asked for."""
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder, "a,b.log")
            self.boot_script("", log=log)
            self.assertIn("power: off, status 0", log.read_text(encoding="utf-8"))

    def test_time_out(self):
        """A guest that does not end in time is stopped: exit status 124; its output is kept."""
        # The first limit is enough but for a machine that is very slow.
        for limit_s in (5, 20, 80):
            with self.assertRaises(TimedOut) as caught:
                self.boot_script("echo a\nrun crash_demo loop\n", timeout_s=limit_s)
            self.assertEqual(caught.exception.exit_status, 124)
            if self.output():
                break
        self.assertEqual(self.output(), "a\n")

    def test_dead_guest(self):
        """A kernel that panics gives exit status 125 and the tail of its log."""
        good = harness.image_under_test()
        with tempfile.NamedTemporaryFile() as bad:
            bad.write(b"no archive")
            bad.flush()
            with self.assertRaises(Broken) as caught:
                self.boot_script("", qemu.Image(good.kernel, bad.name, good.iso))
        self.assertEqual(caught.exception.exit_status, 125)
        self.assertIn("panic: ", caught.exception.detail)

    def test_qemu_fails(self):
        """A QEMU that cannot start gives 125 and what it said."""
        with self.assertRaises(Broken) as caught:
            self.boot_script("", qemu.Image("/nonexistent/kernel", "/dev/null", ""))
        self.assertIn("/nonexistent/kernel", caught.exception.detail)

    def test_big_script(self):
        """A script far bigger than every buffer on its way arrives whole and in order."""
        count = 20000 if harness.is_long() else 1500
        lines = [f"line {number} of a script that is longer than any buffer on its way"
                 for number in range(count)]
        end = self.boot_script("".join(f"echo {line}\n" for line in lines))
        self.assertEqual(end.status, 0)
        self.assertEqual(self.output(), "".join(f"{line}\n" for line in lines))

    def test_interrupt(self):
        """Ctrl-C and a polite kill stop QEMU and the command, with 130 and 143."""
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            child = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE,
                                     env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
            self.assertEqual(child.stdout.readline(), b"started\n")
            child.send_signal(number)
            self.assertEqual(child.stdout.read(), b"")
            self.assertEqual(child.wait(), status)
            child.stdout.close()

    def test_smallest_memory(self):
        """The prompt comes in 16 MiB and not in 1, and the tool can tell."""
        self.assertTrue(measure.prompt_comes(harness.image_under_test(), 16))
        self.assertFalse(measure.prompt_comes(harness.image_under_test(), 1))


if __name__ == "__main__":
    harness.main()
