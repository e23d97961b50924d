# tests/cli/docs_check_test.py - what the check of the documents finds
import unittest

from toolchain.cli.docs_check import check, shell_blocks

WORDS = {"Env", "UserSpan", "frame_table", "lookup", "exo", "main.py"}


class DocsTest(unittest.TestCase):
    def complaints(self, text):
        """The complaints about a document at the root, without its name."""
        return [line.partition(": ")[2] for line in check("X.md", text, WORDS)]

    def assert_found(self, text, *parts):
        """Exactly one complaint a part, which it contains."""
        found = self.complaints(text)
        self.assertEqual(len(found), len(parts), found)
        for complaint, part in zip(found, parts):
            self.assertIn(part, complaint)

    def test_links(self):
        """A relative link leads to a file, an anchor to a heading."""
        self.assert_found("# A b\n[x](toolchain/cli) [y](#a-b) [z](https://example.org)")
        self.assert_found("# A\n[x](nowhere.md) [y](#b)", "nowhere.md", "#b")

    def test_paths(self):
        """A path in backticks exists."""
        self.assert_found("`toolchain/cli/main.py` `toolchain/cli/` `./toolchain/cli`")
        self.assert_found("`toolchain/cli/nothing.py`", "nothing.py")

    def test_symbols(self):
        """A name in CamelCase, with _ or :: or () is in the sources; a plain word is prose."""
        self.assert_found("`exo::Env` `UserSpan<T>` `frame_table` `lookup()` `word`")
        self.assert_found("`exo::Nothing` `no_such` `gone()`", "Nothing", "no_such", "gone")

    def test_commands(self):
        """A `lamina` command line could be run: its command and options exist."""
        self.assert_found("`./lamina run --cpus 2`\n```sh\n./lamina test --list\n```\n")
        self.assert_found("`./lamina rum`\n```sh\n./lamina run --cpsu 2\n```\n", "--cpsu", "rum")

    def test_here_documents(self):
        """What a command reads from the lines below it is no command line."""
        document = "cat >a <<'EOF'\n// lamina\n./lamina rum\nEOF\n./lamina tset\n"
        self.assert_found(f"```sh\n{document}```\n", "tset")

    def test_shell_blocks(self):
        """Only blocks marked sh are run."""
        self.assertEqual(shell_blocks("```sh\na\n```\n```\nb\n```\n```cpp\nc\n```\n"), ["a\n"])


if __name__ == "__main__":
    unittest.main()
