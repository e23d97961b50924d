# tests/docs/linux_calls_test.py - the page of Linux system calls says what the table says
import unittest

from toolchain.docs import linux_calls

CALLS = """\
// LAMINA_LINUX_CALL(number, ...) in a comment is none.
LAMINA_LINUX_CALL(0, read, LAMINA_ARGS(integer fd, address buffer, word bytes),
                  "waits, "
                  "then reads")
LAMINA_LINUX_CALL(39, getpid, LAMINA_ARGS(), "")
"""
NAMES = "LAMINA_LINUX_NAME(7, poll) LAMINA_LINUX_NAME(15, rt_sigreturn)\n"


class LinuxCallsTest(unittest.TestCase):
    def test_calls(self):
        """Number, name, arguments and remark of each call."""
        read, getpid = linux_calls.read_calls(CALLS)
        self.assertEqual((read.number, read.name, read.does), (0, "read", "waits, then reads"))
        self.assertEqual(read.arguments,
                         [("integer", "fd"), ("address", "buffer"), ("word", "bytes")])
        self.assertEqual((getpid.number, getpid.arguments, getpid.does), (39, [], ""))

    def test_page(self):
        """Every call is on the page, and how many there are of each kind."""
        page = linux_calls.page(CALLS, NAMES)
        for part in ("## The 2 calls that are served", "Another 2 are known by name",
                     "| 0 | `read` | fd, buffer, bytes | waits, then reads |",
                     "| 39 | `getpid` |  |  |"):
            self.assertIn(part, page)

    def test_order(self):
        """Numbers that do not ascend are refused."""
        self.assertRaises(ValueError, linux_calls.read_calls, CALLS.replace("(39", "(0"))


if __name__ == "__main__":
    unittest.main()
