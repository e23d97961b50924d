# tests/boot/bar_test.py - all demos in one session, on each firmware and number of processors
import os
import re
import subprocess

from tests.boot import harness
from toolchain.cli import script

PROCESSORS = (1, 2, 4, 8)

COMMANDS = ("run hello_std; run pager_demo; run two_policies; run foreign_demo; "
            "run crash_demo null; run hello")

PAGER = (r"pager_demo: 16384 pages in [0-9]+ frames, checksum 0x[0-9a-f]+ is right\n"
         r"pager_demo: [0-9]+ faults, [0-9]+ evictions\n")
POLICY = (r"policy_(?:bump_eager|first_fit_lazy): sum ([0-9]+); heap [0-9]+ KiB held; "
          r"pager [0-9]+ of 1024 pages, [0-9]+ faults\n")
CRASH = (r"env [0-9]+ crash_demo: page fault write at 0x0, "
         r"rip 0x[0-9a-f]+ \(crash_null\+0x[0-9a-f]+\)\n")
HELLO = r"hello from env [0-9]+\n"


def on_host(variable):
    """What the program that a word of the environment names writes on this machine."""
    done = subprocess.run([os.environ[variable]], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=harness.LIMIT_S)
    return done.stdout.decode()


class BarTest(harness.BootTest):
    def test_demos(self):
        """Containers and exceptions, a pager, two policies, a foreign program, a crash: each
        writes what it should, the programs with a C library what they write on the host."""
        hello_std, foreign_demo = on_host("LAMINA_HELLO_STD"), on_host("LAMINA_FOREIGN_DEMO")
        self.assertIn("hello from", hello_std)
        self.assertIn("hello from", foreign_demo)
        expected = "".join((re.escape(hello_std), PAGER, POLICY, POLICY,
                            re.escape(foreign_demo), CRASH, HELLO))
        for cpus in PROCESSORS:
            with self.subTest(cpus=cpus):
                out, end, log = self.run_script(script.lines_of(COMMANDS), cpus=cpus)
                found = re.fullmatch(expected, out)
                self.assertIsNotNone(found, out)
                self.assertEqual(*found.groups())  # of the two policies
                self.assertEqual(end.status, 0)
                self.assertIn(f"processors {cpus}, used {cpus}", log)


if __name__ == "__main__":
    harness.main()
