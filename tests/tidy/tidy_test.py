# tests/tidy/tidy_test.py - the tree keeps the rules of layout, length and dependency
import collections
import os
import pathlib
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import functions  # noqa: E402
import includes  # noqa: E402
import layout  # noqa: E402
import tree  # noqa: E402


class Tree(unittest.TestCase):
    """Every rule on every file; all violations at once."""

    @classmethod
    def setUpClass(cls):
        cls.sources = tree.sources()
        page = (tree.ROOT / "docs/architecture.md").read_text(encoding="utf-8")
        cls.table = includes.read_table(page)

    def expect_none(self, problems):
        lines = [f"{path}:{line}: {what}" for path, line, what in problems]
        if lines:
            self.fail("\n".join(["", *lines]))

    def test_files(self):
        self.expect_none([(source.path, line, what)
                          for source in self.sources
                          for rule in (*layout.RULES, functions.function_length)
                          for line, what in rule(source)])

    def test_includes(self):
        self.expect_none(includes.include_problems(self.sources, self.table))

    def test_table(self):
        self.expect_none(("docs/architecture.md", 1, what)
                         for what in includes.table_problems(self.table))

    def test_the_walk_sees_the_tree(self):
        """A walk that finds nothing would pass every rule."""
        tops = collections.Counter(pathlib.PurePath(s.path).parts[0] for s in self.sources)
        for top in ("apps", "exokernel", "include", "libos", "tests", "toolchain"):
            self.assertGreater(tops[top], 0, top)


if __name__ == "__main__":
    unittest.main()
