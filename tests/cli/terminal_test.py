# tests/cli/terminal_test.py - the terminal is as before on every way out
import os
import pty
import signal
import subprocess
import sys
import termios
import unittest

from toolchain.cli import terminal

PROGRAM = """
import sys
from toolchain.cli import main, terminal
main._catch_signals()
try:
    with terminal.raw(0):
        print("ready", flush=True)
        sys.stdin.read()
except BaseException as error:
    sys.exit(getattr(error, "exit_status", 1))
"""


class TerminalTest(unittest.TestCase):
    def setUp(self):
        self.user, self.tool = pty.openpty()
        self.addCleanup(os.close, self.user)
        self.addCleanup(os.close, self.tool)
        self.before = termios.tcgetattr(self.tool)

    def test_raw_inside(self):
        """Inside, keys come one by one, without echo, and Ctrl-C is a byte."""
        with terminal.raw(self.tool):
            flags = termios.tcgetattr(self.tool)[3]
            self.assertEqual(flags & (termios.ICANON | termios.ECHO | termios.ISIG), 0)

    def test_restored_after_an_error(self):
        """An exception restores the terminal."""
        with self.assertRaises(ValueError), terminal.raw(self.tool):
            raise ValueError
        self.assertEqual(termios.tcgetattr(self.tool), self.before)

    def test_restored_after_a_signal(self):
        """SIGTERM and SIGHUP end the tool with 128 + number and restore the terminal."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            child = subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=self.tool,
                                     stdout=subprocess.PIPE,
                                     env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
            self.assertEqual(child.stdout.readline(), b"ready\n")
            child.send_signal(number)
            child.communicate()
            self.assertEqual(child.returncode, 128 + number)
            self.assertEqual(termios.tcgetattr(self.tool), self.before)


if __name__ == "__main__":
    unittest.main()
