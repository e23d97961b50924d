# tests/docs/system_calls_test.py - the page of system calls says what the table says
import unittest

from toolchain.docs import system_calls

STATUSES = """\
// A comment.
LAMINA_STATUS(ok, 0, "it worked, (really)")
LAMINA_STATUS(bad_handle, 2, "no such \\"handle\\"")
"""
CALLS = """\
// LAMINA_SYSCALL(number, ...) in a comment is none.

// Nothing.
// Why in the kernel: It measures.
LAMINA_SYSCALL(0, null, LAMINA_ARGS(), "0", "none", "")

// Looks,
// and tells.
// Why in the kernel: It // can
// not.
LAMINA_SYSCALL(1, look,
               LAMINA_ARGS(handle source, out_cap_info info), "what "
               "it // is", "source: read", "bad_handle")
"""


class SystemCallsTest(unittest.TestCase):
    def setUp(self):
        self.statuses = system_calls.read_statuses(STATUSES)

    def test_statuses(self):
        """Commas and parentheses in strings are text."""
        self.assertEqual(self.statuses[0], (0, "ok", "it worked, (really)"))
        self.assertEqual(self.statuses[1][1], "bad_handle")

    def test_calls(self):
        """Strings that touch are one, and so are lines of a comment; a comment sign is text."""
        null, look = system_calls.read_calls(CALLS, self.statuses)
        self.assertEqual((null.number, null.name, null.arguments), (0, "null", []))
        self.assertEqual(look.arguments, [("handle", "source"), ("out_cap_info", "info")])
        self.assertEqual((look.errors, look.does), (["bad_handle"], "Looks, and tells."))
        self.assertEqual((look.value, look.why), ("what it // is", "It // can not."))
        self.assertEqual((null.does, null.why), ("Nothing.", "It measures."))

    def test_page(self):
        """Everything that is declared is on the page."""
        page = system_calls.page(CALLS, STATUSES)
        for part in ("## The 2 calls", "`look(handle source, out_cap_info info)`", "`bad_handle`",
                     "source: read", "It // can not.", "| 0 | `ok` | it worked, (really) |"):
            self.assertIn(part, page)

    def test_mistakes(self):
        """A gap in the numbers, an unknown kind or error, bad syntax and calls without a reason are
        refused."""
        for old, new in (("(1, look", "(2, look"), ("handle source", "hand source"),
                         ('"bad_handle"', '"worse"'), ("LAMINA_SYSCALL(1", "LAMINA_CALL(1"),
                         ('"bad_handle")', '"bad_handle"'), ("(0, null", "(0; null"),
                         ("// Nothing.\n", ""), ("// Why in the kernel: It measures.\n", ""),
                         ("It measures.", ""), ("measures.\n", "measures.\n\n")):
            with self.subTest(new=new):
                self.assertIn(old, CALLS)
                self.assertRaises(ValueError, system_calls.read_calls, CALLS.replace(old, new),
                                  self.statuses)


if __name__ == "__main__":
    unittest.main()
