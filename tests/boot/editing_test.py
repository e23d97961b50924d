# tests/boot/editing_test.py - editing and history of the shell's line, key by key
from tests.boot import harness

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
HOME, END, DELETE = "\x1b[H", "\x1b[F", "\x1b[3~"
BACKSPACE = "\x7f"


class EditingTest(harness.BootTest):
    @classmethod
    def setUpClass(cls):
        """One machine for all cases."""
        cls.machine = cls().boot()
        cls.machine.__enter__()
        cls.addClassCleanup(cls.machine.__exit__)
        cls.machine.prompt()

    def runTest(self):
        """unittest needs a name for the instance that setUpClass makes."""

    def assert_runs(self, keys, output):
        """The keys and Enter run a command with this output."""
        self.assertEqual(self.machine.command(keys), output)

    def test_backspace(self):
        """Backspace deletes before the cursor."""
        self.assert_runs(f"echo abX{BACKSPACE}c", "abc")

    def test_cursor(self):
        """Left and right move; what is typed goes in at the cursor; Delete deletes under it."""
        self.assert_runs(f"echo ac{LEFT}b", "abc")
        self.assert_runs(f"echo abXc{LEFT}{LEFT}{DELETE}{RIGHT}d", "abcd")

    def test_home_end(self):
        """Home and End go to the ends of the line."""
        self.assert_runs(f"cho b{HOME}e{END}c", "bc")

    def test_kill_line(self):
        """Ctrl-U deletes to the start, Ctrl-K to the end, Ctrl-W a word."""
        self.assert_runs("nonsense\x15echo a", "a")
        self.assert_runs(f"echo ab cd{LEFT}{LEFT}\x0b", "ab")
        self.assert_runs("echo ab cd\x17ef", "ab ef")

    def test_history(self):
        """Up and down walk through the lines entered before; a recalled line can be edited."""
        self.machine.command("echo one")
        self.machine.command("echo two")
        self.assert_runs(UP, "two")
        self.machine.command("echo three")
        self.assert_runs(UP + UP + UP + DOWN + "x", "twox")

    def test_interrupt_drops_the_line(self):
        """Ctrl-C drops what was typed."""
        self.machine.send("echo lost\x03")
        self.machine.prompt()
        self.assert_runs("echo kept", "kept")

    def test_empty_line(self):
        """An empty line, or one of blanks, does nothing."""
        self.assert_runs("", "")
        self.assert_runs("   ", "")

    def test_long_line(self):
        """A line longer than the terminal is kept whole."""
        words = " ".join(f"long-word-{number}" for number in range(40))
        self.assert_runs("echo " + words, words)


if __name__ == "__main__":
    harness.main()
