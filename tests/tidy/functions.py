# tests/tidy/functions.py - no function has 70 lines or more
"""C++ is not parsed: a function is a brace after a parameter list, outside of every function."""
import ast
import re

LINES_MAX = 69

_SCOPE = re.compile(r"\b(namespace|class|struct|union|enum)\b|\bextern\s*\"")
_NO_FUNCTION = re.compile(r"[=,(\[]\s*$|\breturn\s*$")


def _opens_scope(head):
    """Whether the text before a brace opens a namespace or a type, not a function's body."""
    return bool(_SCOPE.search(re.sub(r"<[^<>]*>", "", head))) and not head.rstrip().endswith(")")


def cpp_functions(code):
    """(first line, lines) of each function's body with its head, in text without comments."""
    code = re.sub(r"^\s*#.*?(?<!\\)$", "", code, flags=re.MULTILINE | re.DOTALL)
    stack, head_start, line = [], 0, 1
    for at, character in enumerate(code):
        if character == "\n":
            line += 1
        elif character == "{":
            head = code[head_start:at]
            in_function = any(kind == "function" for kind, _ in stack)
            if in_function or _opens_scope(head):
                kind = "scope"
            else:
                kind = "function" if ")" in head and not _NO_FUNCTION.search(head) else "value"
            stack.append((kind, line - head.lstrip().count("\n")))
            head_start = at + 1
        elif character == "}":
            if stack:
                kind, first = stack.pop()
                if kind == "function":
                    yield first, line - first + 1
            head_start = at + 1
        elif character == ";":
            head_start = at + 1


def python_functions(text):
    """(first line, lines) of each function."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1


def function_length(source):
    """A rule like those in layout.py."""
    if source.path.endswith((".cpp", ".hpp")):
        functions = cpp_functions(source.code)
    elif source.is_python:
        functions = python_functions(source.text)
    else:
        return
    for first, lines in functions:
        if lines > LINES_MAX:
            yield first, f"a function of {lines} lines, {LINES_MAX} are allowed"
