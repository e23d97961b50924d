# tests/docs/lock_tables_test.py - the tables about locks are what the headers have
import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(os.path.realpath(__file__)).parents[2]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def table(page, heading):
    """The cells of the first table below a heading, without its head."""
    below = page.partition(f"\n{heading}\n")[2]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


class LockTables(unittest.TestCase):
    def test_ranks(self):
        """docs/locks.md has the ranks of rank.hpp, with their levels, outer before inner."""
        header = read("include/lamina/sync/rank.hpp")
        ranks = re.findall(r"^    (\w+) = (\d+),$", header, re.MULTILINE)
        self.assertEqual(len(ranks), 8)
        self.assertEqual([int(level) for _, level in ranks], sorted(int(l) for _, l in ranks))
        rows = table(read("docs/locks.md"), "## Ranks")
        self.assertEqual([(row[0].strip("`"), row[1]) for row in rows], ranks)

    def test_rules(self):
        """docs/lock-order.md has every rule with its sentence."""
        rules = read("include/lamina/sync/violations.def")
        listed = re.findall(r'^LAMINA_VIOLATION\((\w+),\s+"([^"]*)"\)$', rules, re.MULTILINE)
        self.assertGreater(len(listed), 10)
        self.assertEqual(len(listed), len(re.findall("^LAMINA_VIOLATION", rules, re.MULTILINE)))
        rows = table(read("docs/lock-order.md"), "## What is reported")
        self.assertEqual([(row[0].strip("`"), row[1]) for row in rows], listed)

    def test_types(self):
        """docs/locks.md has every type of lock that there are traits for."""
        headers = (ROOT / "include/lamina/sync").glob("*.hpp")
        traits = {name for header in headers for name in
                  re.findall(r"^struct LockTraits<(\w+)<", read(header), re.MULTILINE)}
        self.assertGreater(len(traits), 4)
        rows = table(read("docs/locks.md"), "## Types")
        listed = {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}
        self.assertEqual(listed - {"SequenceCounter", "Snapshot"}, traits)


if __name__ == "__main__":
    unittest.main()
