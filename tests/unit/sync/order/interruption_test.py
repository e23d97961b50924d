# tests/unit/sync/order/interruption_test.py - handlers that take locks may come at any instruction
import os
import re
import subprocess
import tempfile
import unittest

PROBE = "tests/unit/sync/order/interruption_probe.cpp"


class InterruptionTest(unittest.TestCase):
    def run_probe(self, compiler, level):
        """(interrupts, wrong states, reports) of the probe."""
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "probe")
            subprocess.run([compiler, "-std=c++23", level, "-Iinclude", PROBE, "-o", program],
                           check=True)
            said = subprocess.run([program], check=False, capture_output=True, text=True).stdout
        last = re.search(r"^interrupts (\d+) wrong (\d+) reports (\d+)\n\Z", said, re.MULTILINE)
        self.assertTrue(last, said)
        return tuple(map(int, last.groups()))

    def test_every_instruction(self):
        """After each instruction of taking and giving back, a handler takes locks and leaves the
        held stack as it was; the interrupted code goes on as if nothing had been."""
        for compiler in ("/usr/bin/g++", "/usr/bin/clang++-19"):
            for level, at_least in (("-O0", 1000), ("-O2", 150)):
                with self.subTest(compiler=compiler, level=level):
                    interrupts, wrong, reports = self.run_probe(compiler, level)
                    self.assertGreater(interrupts, at_least)
                    self.assertEqual((wrong, reports), (0, 0))


if __name__ == "__main__":
    unittest.main()
