# tests/tidy/tree.py - the source files of the tree, and their text without comments
import functools
import os
import pathlib
import re

# Bazel runs tests on links into the tree; the files themselves are where the links lead.
ROOT = pathlib.Path(os.path.realpath(__file__)).parents[2]

CPP = (".c", ".cpp", ".hpp", ".h", ".inc", ".def")
C_LIKE = CPP + (".S", ".lds", ".ld")
SCRIPT = (".py", ".bzl", ".sh", ".bazel", ".cfg")
SCRIPT_NAMES = ("WORKSPACE", "lamina", ".ci/run", "manifest", "fresh-machine",
                "workspace-status", "compile-commands", "run-lamina")

_CPP_TOKEN = re.compile(
    r'R"(?P<raw>[^()\s\\]{0,16})\(.*?\)(?P=raw)"'
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//(?:\\\n|[^\n])*|/\*.*?\*/', re.DOTALL)


class Source:
    """One file: `path` from the root of the tree, with slashes, and `text`."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.lines = text.split("\n")

    @property
    def is_cpp(self):
        return self.path.endswith(CPP)

    @property
    def is_c_like(self):
        return self.path.endswith(C_LIKE)

    @property
    def is_python(self):
        return self.path.endswith(".py")

    @functools.cached_property
    def code(self):
        """The text with comments blank and strings empty; line numbers stay."""
        if self.is_c_like:
            return _CPP_TOKEN.sub(_without_contents, self.text)
        return re.sub(r"^\s*#.*", "", self.text, flags=re.MULTILINE)

    @property
    def code_line_count(self):
        """Lines that are neither blank nor only comment."""
        return sum(1 for line in self.code.split("\n") if line.strip())


def _without_contents(match):
    token = match[0]
    newlines = "\n" * token.count("\n")
    if token[0] == "/":
        return " " + newlines
    return token[-1] + newlines + token[-1]


def is_source(path):
    """Whether the rules apply to a file of this name."""
    return (path.endswith(C_LIKE + SCRIPT) or path in SCRIPT_NAMES or
            path.rsplit("/", 1)[-1] in SCRIPT_NAMES)


def sources():
    """Every source file of the tree."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders
                            if name == ".ci" or not name.startswith((".", "bazel-", "__")))
        for name in sorted(files):
            path = pathlib.Path(folder, name).relative_to(ROOT).as_posix()
            if is_source(path):
                found.append(Source(path, (ROOT / path).read_text(encoding="utf-8")))
    return found
