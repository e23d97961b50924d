# tests/cli/usage_test.py - the tool as a user starts it: help, version, wrong command lines
import os
import subprocess
import unittest

TOOL = os.path.join(os.getcwd(), "lamina")
COMMANDS = "run shell test bench sim image gdb locks loc docs doctor clean help".split()


def lamina(*words):
    """(exit status, standard output, standard error)."""
    done = subprocess.run([TOOL, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr


class UsageTest(unittest.TestCase):
    def test_help(self):
        """help lists every command; help COMMAND and COMMAND --help show its usage."""
        status, out, err = lamina("help")
        self.assertEqual((status, err), (0, ""))
        for command in COMMANDS:
            self.assertRegex(out, rf"(?m)^  {command} ")
            status, text, err = lamina("help", command)
            self.assertEqual((status, err), (0, ""))
            self.assertTrue(text.startswith(f"usage: ./lamina {command}"))
            if command != "help":
                self.assertEqual(lamina(command, "--help"), (0, text, ""))

    def test_version(self):
        """--version prints one line."""
        status, out, err = lamina("--version")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"\Alamina [0-9]+\.[0-9]+\.[0-9]+\n\Z")

    def test_no_command(self):
        """Without a command the help goes to standard error, with exit status 2."""
        status, out, err = lamina()
        self.assertEqual((status, out), (2, ""))
        self.assertIn("usage:", err)

    def test_wrong_words(self):
        """A wrong command or option exits with 2, says which is right, and prints no result."""
        for words, hint in ((("rnu",), "did you mean run?"), (("tests",), "did you mean test?"),
                            (("run", "--cups", "2"), "did you mean --cpus?"),
                            (("help", "shel"), "did you mean shell?"),
                            (("image", "--firmware", "uefi"), "`lamina run`"),
                            (("run", "--disk", "/nonexistent/disk"), "/nonexistent/disk"),
                            (("run", "--log", "/nonexistent/log"), "/nonexistent/log"),
                            (("shell", "-c", "a\x04b"), "0x04"),
                            (("docs",), "--check")):
            status, out, err = lamina(*words)
            self.assertEqual((status, out), (2, ""), err)
            self.assertIn(hint, err)
            self.assertEqual(err.count("\n"), 1, err)

    def test_closed_streams(self):
        """With standard streams closed the tool still ends with its status."""
        for words, status in (("--version", 0), ("rnu", 2)):
            done = subprocess.run(["sh", "-c", f'exec "$0" {words} <&- >&- 2>&-', TOOL],
                                  check=False)
            self.assertEqual(done.returncode, status)

    def test_nobody_reads(self):
        """If the reader of the output has gone the exit status is that of SIGPIPE."""
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run([TOOL, "help"], stdout=write_end, stderr=subprocess.PIPE,
                              check=False)
        os.close(write_end)
        self.assertEqual((done.returncode, done.stderr), (141, b""))

    def test_through_a_link(self):
        """The tool finds its tree when it is started through a symbolic link."""
        link = os.path.join(os.environ["TEST_TMPDIR"], "link")
        os.symlink(TOOL, link)
        done = subprocess.run([link, "--version"], cwd="/", capture_output=True, check=False)
        self.assertEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
