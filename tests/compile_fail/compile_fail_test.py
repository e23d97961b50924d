# tests/compile_fail/compile_fail_test.py - each snippet is refused when wrong, compiles when not
"""A snippet is a file that is compiled twice: with -DWRONG it must be refused with the sentence
after `refused:` in its first comment; without, its twin must compile. Both with clang and g++, but
for snippets with a line `// compilers: clang`."""
import functools
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
COMPILERS = {"clang": ["/usr/bin/clang++-19", "-Wthread-safety"], "g++": ["/usr/bin/g++"]}
FLAGS = ["-std=c++23", "-Wall", "-Wextra", "-Werror", "-Wno-unused-variable",
         "-Wno-unused-but-set-variable", "-I.", "-Iinclude"]
LOCKS = "tests/compile_fail/locks.hpp"
SCRATCH = tempfile.TemporaryDirectory()


@functools.cache
def with_locks(compiler):
    """The compiler's command line, with the header that all snippets share compiled already."""
    command = [*COMPILERS[compiler], *FLAGS]
    if compiler == "clang":
        made = pathlib.Path(SCRATCH.name, "locks.pch")
        use = ["-include-pch", str(made)]
    else:
        made = pathlib.Path(SCRATCH.name, LOCKS + ".gch")
        use = ["-I" + SCRATCH.name]
        made.parent.mkdir(parents=True)
    # g++ warns of #pragma once in a main file, and that warning has no name to switch it off.
    subprocess.run([*command, "-Wno-error", "-x", "c++-header", LOCKS, "-o", str(made)],
                   check=True, stderr=subprocess.DEVNULL)
    return [*command[:1], *use, *command[1:], "-fsyntax-only"]


def compile_errors(compiler, path, wrong):
    """The compiler's errors; None if it compiles."""
    done = subprocess.run([*with_locks(compiler), *(["-DWRONG"] if wrong else []), str(path)],
                          capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr


class CompileFailTest(unittest.TestCase):
    """One case a snippet; added below."""


def add_case(path):
    text = path.read_text(encoding="utf-8")
    head = re.match(r"(// .*\n)+", text)[0].replace("\n// ", " ").rstrip()
    rule, sentence = re.fullmatch(r"// \S+ - (.*) refused: (.*)", head).groups()
    only = re.search(r"^// compilers: (\S+)$", text, re.MULTILINE)
    compilers = [only[1]] if only else list(COMPILERS)

    def case(self):
        for compiler in compilers:
            with self.subTest(compiler=compiler):
                self.assertIsNone(compile_errors(compiler, path, wrong=False), "the twin")
                errors = compile_errors(compiler, path, wrong=True)
                self.assertIsNotNone(errors, "it compiles")
                found = [line for line in errors.split("\n")
                         if sentence in line and "error" in line]
                self.assertTrue(found, errors)

    case.__doc__ = rule
    setattr(CompileFailTest, "test_" + path.stem, case)


for snippet in sorted(HERE.glob("*.cpp")):
    add_case(snippet)


if __name__ == "__main__":
    if len([name for name in dir(CompileFailTest) if name.startswith("test_")]) < 10:
        sys.exit("the snippets are not there")
    unittest.main()
