# tests/sim/lines/lines_test.py - calls that concern only the caller share no cache line
import os
import re
import subprocess
import unittest

ROW = re.compile(r"(.+?) +cpu (\d): +(\d+) lines written, (\d+) shared, (.+)")
OWN_CALLS = {"null", "frames_alloc", "frames_map", "frames_protect", "table_read", "frames_unmap",
             "cap_derive", "cap_inspect", "cap_drop", "cap_drop (last)"}


class LinesTest(unittest.TestCase):
    def setUp(self):
        done = subprocess.run([os.environ["LINES"]], stdout=subprocess.PIPE, text=True, check=False)
        print(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.rows = [(name, int(cpu), int(written), int(shared), kind) for
                     name, cpu, written, shared, kind in ROW.findall(done.stdout)]

    def test_own(self):
        """No line that such a call writes is used by those of another environment and CPU."""
        own = [row for row in self.rows if row[4] == "own"]
        self.assertEqual({row[0] for row in own}, OWN_CALLS)
        self.assertEqual(len(own), 2 * len(OWN_CALLS))
        for name, cpu, written, shared, _ in own:
            with self.subTest(call=name, cpu=cpu):
                self.assertGreater(written, 0)
                self.assertEqual(shared, 0)

    def test_shared(self):
        """The lines that calls with the kernel lock share are seen."""
        others = [row for row in self.rows if row[4] == "kernel's"]
        self.assertEqual(len(others), 4)
        for name, cpu, _, shared, _ in others:
            with self.subTest(call=name, cpu=cpu):
                self.assertGreater(shared, 0)


if __name__ == "__main__":
    unittest.main()
