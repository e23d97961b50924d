# tests/cli/count_lines_test.py - what counts as a line of code
import unittest

from toolchain.cli.commands.loc import part_of
from toolchain.cli.count_lines import count, included


class CountTest(unittest.TestCase):
    def test_cxx_comments(self):
        """Comments of both kinds do not count, code beside them does."""
        text = "// a\n\nint a;  // b\n/* c\n d */ int e;\n/* f\n g */\n"
        self.assertEqual(count("a.cpp", text), 2)

    def test_cxx_strings(self):
        """A comment sign inside a string or a character is code."""
        self.assertEqual(count("a.hpp", 'auto a = "/*";\nchar b = \'"\';\nauto c = "//";\n'), 3)

    def test_python(self):
        """In Python neither comments nor docstrings count; other strings do."""
        text = '# a\n"""b\nc"""\n\ndef f():\n    """d"""\n    return """e\n    # f"""\n'
        self.assertEqual(count("a.py", text), 2)  # the text of a string may look like a comment

    def test_shell(self):
        """In a script a line with # first does not count."""
        self.assertEqual(count("run", "#!/bin/sh\n  # a\necho '#'\n"), 1)

    def test_included(self):
        """What a folder includes counts, also through other headers, and nothing else."""
        texts = {"k/a.cpp": '#include "l/b.hpp"\n#include <l/d.hpp>\n',
                 "i/l/b.hpp": '#include "l/c.hpp"',
                 "i/l/c.hpp": '#include "l/b.hpp"\n#include "l/missing.hpp"', "i/l/d.hpp": "",
                 "other.cpp": '#include "l/d.hpp"'}
        self.assertEqual(included(texts, "k/", "i/"), {"i/l/b.hpp", "i/l/c.hpp"})

    def test_parts(self):
        """The kernel core is what kernels are compiled from: no drivers, no host, no BUILD file."""
        self.assertEqual([part_of("exokernel/" + path) for path in (
            "cpu/a.cpp", "arch/x86_64/a.S", "driver/uart/a.cpp", "arch/host/a.hpp", "BUILD.bazel",
            "driver/uart/BUILD.bazel")],
            ["kernel core", "kernel core", "drivers", "tests", "tools", "tools"])


if __name__ == "__main__":
    unittest.main()
