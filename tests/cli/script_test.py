# tests/cli/script_test.py - how `shell -c` splits its commands
import unittest

from toolchain.cli.script import lines_of


class LinesTest(unittest.TestCase):
    def test_semicolon_ends_a_line(self):
        """A ; outside quotes separates commands."""
        self.assertEqual(lines_of("a; b;c"), "a\n b\nc\n")

    def test_quotes_keep_a_semicolon(self):
        """A ; inside quotes, of either kind, belongs to the word."""
        self.assertEqual(lines_of("echo 'a;b' \"c;'d\";e"), "echo 'a;b' \"c;'d\"\ne\n")

    def test_backslash_keeps_a_semicolon(self):
        """A backslash takes the meaning from ; and from a quote, but not inside '...'."""
        self.assertEqual(lines_of(r"a\;b; c\"; '\';d"), "a\\;b\n c\\\"\n '\\'\nd\n")

    def test_empty(self):
        """No commands are one empty line."""
        self.assertEqual(lines_of(""), "\n")


if __name__ == "__main__":
    unittest.main()
