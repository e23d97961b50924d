# toolchain/cli/count_lines.py - lines of code: neither blank nor comment
import ast
import re

# A string or character literal (kept), or a comment (dropped).
_CXX = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|//[^\n]*|/\*.*?\*/', re.DOTALL)
CXX = (".cpp", ".hpp", ".h", ".S", ".def", ".ld", ".lds")
PYTHON = (".py", ".bzl", ".bazel")


def count(path, text):
    """Lines of code in a file of the given name."""
    if path.endswith(CXX):
        text = _CXX.sub(_blank_comment, text)
    elif path.endswith(PYTHON):
        text = _without_docstrings(text)
    if not path.endswith(CXX):
        text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return sum(1 for line in text.split("\n") if line.strip())


def included(texts, folder, root):
    """Files below `root` that those below `folder` include as "..." relative to it, directly or
    not; `texts`: the text of each path."""
    found = set()
    left = [path for path in texts if path.startswith(folder)]
    while left:
        for name in re.findall(r'^#include "([^"]+)"', texts[left.pop()], re.MULTILINE):
            path = root + name
            if path in texts and path not in found:
                found.add(path)
                left.append(path)
    return found


def _blank_comment(match):
    text = match[0]
    return text if text[0] in "\"'" else " " + "\n" * text.count("\n")


def _without_docstrings(text):
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return text
    lines = text.split("\n")
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) \
                    and isinstance(statement.value.value, str):
                for number in range(statement.lineno - 1, statement.end_lineno):
                    lines[number] = ""
    return "\n".join(lines)
