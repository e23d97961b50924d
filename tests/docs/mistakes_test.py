# tests/docs/mistakes_test.py - docs/simulator.md has every planted mistake
import re
import unittest

from toolchain.cli.places import ROOT


class Mistakes(unittest.TestCase):
    def test_list(self):
        """The table of planted mistakes is the folder of patches."""
        page = (ROOT / "docs/simulator.md").read_text(encoding="utf-8")
        told = re.findall(r"^\| `([^`]+\.patch)` \|", page, re.MULTILINE)
        patches = [f"tests/sim/planted/{path.name}"
                   for path in (ROOT / "tests/sim/planted").glob("*.patch")]
        self.assertGreater(len(patches), 0)
        self.assertEqual(sorted(told), sorted(patches))


if __name__ == "__main__":
    unittest.main()
