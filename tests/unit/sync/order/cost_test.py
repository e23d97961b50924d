# tests/unit/sync/order/cost_test.py - what validation costs in instructions: out, off, and on
import os
import re
import subprocess
import tempfile
import unittest

PROBE = "tests/unit/sync/order/cost_probe.cpp"
COMPILERS = {"g++": "/usr/bin/g++", "clang": "/usr/bin/clang++-19"}

# In instructions, for lock and unlock together, beyond those of the raw lock.
OFF_MAX = 8  # a load, a test and a branch for each, and a frame for the call that may follow
ON_MAX = 80


class CostTest(unittest.TestCase):
    """Each case with both compilers, at -O2."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.programs, cls.counts = {}, {}
        for name, compiler in COMPILERS.items():
            program = os.path.join(cls.folder.name, name)
            subprocess.run([compiler, "-std=c++23", "-O2", "-Iinclude", PROBE, "-o", program],
                           check=True)
            said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
            cls.programs[name] = program
            cls.counts[name] = {row: int(count) for row, count in
                                (line.split() for line in said.splitlines())}

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def each(self):
        for name, counts in self.counts.items():
            with self.subTest(compiler=name):
                yield name, counts

    def test_the_count_counts(self):
        """A pair of the raw lock takes some instructions, and a validated one more."""
        for _, counts in self.each():
            self.assertGreater(counts["raw"], 5)
            self.assertGreater(counts["off"], counts["raw"])
            self.assertGreater(counts["held-1"], counts["off"])

    def test_compiled_out(self):
        """Compiled out, the code is that of the raw lock, instruction for instruction."""
        for name, counts in self.each():
            self.assertEqual(counts["unvalidated"], counts["raw"])
            raw, unvalidated, validated = (
                _instructions(self.programs[name], f"pair_of_{which}()")
                for which in ("raw", "unvalidated", "validated"))
            self.assertEqual(raw, unvalidated)
            self.assertGreater(len(raw), 5)
            self.assertNotEqual(raw, validated)

    def test_guards_compiled_out(self):
        """Guards and witnesses are for the compiler: compiled out, they are lock and unlock."""
        for name, counts in self.each():
            self.assertEqual(counts["guarded"], counts["by-hand"])
            by_hand, guarded = (_instructions(self.programs[name], f"count_{which}()")
                                for which in ("by_hand", "guarded"))
            self.assertEqual(by_hand, guarded)

    def test_off(self):
        """With the mode off, a load, a test and a branch for each operation."""
        for _, counts in self.each():
            self.assertLessEqual(counts["off"] - counts["raw"], OFF_MAX)

    def test_on(self):
        """With validation on, at most 80 instructions for a pair, whatever is held."""
        for _, counts in self.each():
            self.assertLessEqual(counts["held-1"] - counts["raw"], ON_MAX)
            self.assertEqual(counts["held-8"], counts["held-1"])


def _instructions(program, function):
    """The instructions of a function, with the addresses of its data and its jumps left out."""
    text = subprocess.run(["/usr/bin/objdump", "-d", "-C", "--no-show-raw-insn", program],
                          check=True, capture_output=True, text=True).stdout
    body = re.search(rf"^[0-9a-f]+ <{re.escape(function)}>:\n(.*?)^$", text,
                     re.DOTALL | re.MULTILINE)[1]
    lines = [line.split("\t", 1)[1] for line in body.splitlines()]
    while lines and re.match(r"(nop|data16|cs nop|xchg +%ax,%ax)", lines[-1]):
        lines.pop()  # padding behind the function
    return [re.sub(r"\s*#.*|0x[0-9a-f]+\(%rip\)|\b[0-9a-f]+ <[^>]*>.*", "", line).strip()
            for line in lines]


if __name__ == "__main__":
    unittest.main()
