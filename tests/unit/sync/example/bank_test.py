# tests/unit/sync/example/bank_test.py - the example finds its deadlock, and its page shows it
import os
import pathlib
import re
import subprocess
import unittest

HERE = pathlib.Path(os.path.realpath(__file__)).parent
PAGE = HERE.parents[3] / "docs/lock-order.md"
PROGRAM = "tests/unit/sync/example/bank"


class BankTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.done = subprocess.run([PROGRAM], capture_output=True, text=True, check=False)
        cls.page = PAGE.read_text(encoding="utf-8")

    def test_finds_the_deadlock(self):
        """Run once, in one thread, the program names the four lines that can deadlock."""
        self.assertEqual(self.done.returncode, 0)
        source = HERE.joinpath("bank.cpp").read_text(encoding="utf-8").split("\n")
        lines = [int(number) for number in re.findall(r"bank\.cpp:(\d+)", self.done.stderr)]
        guards = {number for number, line in enumerate(source, 1) if "LockGuard" in line}
        self.assertEqual(set(lines), guards)
        self.assertEqual(self.done.stderr.count("lock order: "), 1)

    def test_page_shows_the_program(self):
        """The page's first block is the program, from its #include on."""
        source = HERE.joinpath("bank.cpp").read_text(encoding="utf-8").split("\n", 1)[1]
        block = re.search(r"^```cpp\n(.*?)^```", self.page, re.MULTILINE | re.DOTALL)[1]
        self.assertEqual(block, source)

    def test_page_shows_what_it_says(self):
        """The page's first text block is what the program says, with shorter file names."""
        said = re.sub(r"[\w/.]*/(bank\.cpp:)", r"\1", self.done.stderr)
        self.assertIn("```text\n" + said + "```", self.page)


if __name__ == "__main__":
    unittest.main()
