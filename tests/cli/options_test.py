# tests/cli/options_test.py - how a command line is read
import unittest

from toolchain.cli.catalogue import COMMANDS
from toolchain.cli.errors import UsageError
from toolchain.cli.options import memory, read


def parse(*words):
    """The arguments of `lamina WORDS`."""
    return read(COMMANDS[words[0]], words[1:], COMMANDS)


class ReadTest(unittest.TestCase):
    def complaint(self, *words):
        """What is said about a wrong command line."""
        with self.assertRaises(UsageError) as caught:
            parse(*words)
        self.assertEqual(caught.exception.exit_status, 2)
        return caught.exception.message

    def test_values(self):
        """A value follows its option, or =."""
        arguments = parse("run", "--cpus", "4", "--memory=1G", "--icount", "--append", "a b=c")
        self.assertEqual((arguments.cpus, arguments.memory, arguments.icount), (4, 1024, True))
        self.assertEqual(arguments.append, ["a", "b=c"])
        self.assertIsNone(arguments.timeout)

    def test_sizes(self):
        """Memory is in MiB, or with K, M or G; anything but whole MiB is refused."""
        self.assertEqual([memory(text) for text in ("64", "64M", "2GiB", "65536k")],
                         [64, 64, 2048, 64])
        for text in ("", "M", "0", "1K", "-1", "1.5G", "1T"):
            with self.assertRaises(ValueError):
                memory(text)

    def test_wrong_option_names_the_right_one(self):
        """A misspelt option, a prefix of one, and another tool's name for it are understood."""
        for wrong, right in (("--memroy", "--memory"), ("--mem", "--memory"), ("--smp", "--cpus"),
                             ("--time", "--timeout"), ("--uefi", "--firmware uefi")):
            self.assertIn(f"did you mean {right}?", self.complaint("run", wrong, "1"))

    def test_option_of_another_command(self):
        """An option of another command is told where it belongs."""
        self.assertIn("`lamina image`", self.complaint("run", "--sizes"))

    def test_bad_values(self):
        """A value that cannot be is refused with what could be."""
        self.assertIn("did you mean uefi?", self.complaint("run", "--firmware", "eufi"))
        self.assertIn("1 to 64", self.complaint("run", "--cpus", "0"))
        self.assertIn("needs a value", self.complaint("run", "--cpus"))
        self.assertIn("takes no value", self.complaint("run", "--icount=1"))
        self.assertIn("seconds", self.complaint("shell", "--timeout", "0"))

    def test_too_many_words(self):
        """A word too many is refused; after -- only where they are passed on."""
        self.assertIn("'x'", self.complaint("run", "x"))
        self.assertIn("after --", self.complaint("run", "--", "x"))
        self.assertEqual(parse("gdb", "hello", "--", "-batch").after, ["-batch"])


if __name__ == "__main__":
    unittest.main()
