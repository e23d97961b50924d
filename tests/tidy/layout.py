# tests/tidy/layout.py - rules about one file: first line, length, width, words, assembly
"""Each rule takes a Source and yields (line number, what is wrong)."""
import re

CODE_LINES_MAX = 400
COLUMNS_MAX = 100

# Assembly: the kernel's only under arch/ and at its entry; in the libOS only where it meets the
# kernel or another context; tests, demos and benchmarks may need one certain instruction.
ASSEMBLY_FOLDERS = ("exokernel/arch/", "exokernel/boot/", "libos/arch/", "libos/sys/",
                    "libos/rt/", "libos/upcall/", "libos/gate/", "libos/linux/",
                    "apps/bench/", "apps/crash_demo/", "tests/")

# Words of unfinished work. Split, so that this file passes its own rule.
UNFINISHED = re.compile("|".join((
    r"\bTO" r"DO\b", r"\bFIX" r"ME\b", r"\bXX" r"X\b", r"\bplace" r"holder\b", r"\bfor " r"now\b",
    r"\bnot " r"implemented\b", r"\bin a real " r"(os|kernel|system)\b")), re.IGNORECASE)
SLEEP = re.compile(r"\b(time\.sl" r"eep|sl" r"eep_for|usl" r"eep|nanosl" r"eep)\s*\(|^\s*sl"
                   r"eep\s+[0-9]", re.MULTILINE)
ASSEMBLY = re.compile(r"\b(asm|__asm__|__asm)\b")


def first_line(source):
    """The first line (after #!) is `<comment> <path> - <what it is>`."""
    if source.path.endswith("__init__.py") and not source.text:
        return
    at = 1 if source.lines[0].startswith("#!") else 0
    line = source.lines[at] if at < len(source.lines) else ""
    if not re.match(r"(//|#|/\*|\"\"\")\s*" + re.escape(source.path) + r" - \S", line):
        yield at + 1, f"the line must say `{source.path} - what it is`"


def length(source):
    if source.code_line_count > CODE_LINES_MAX:
        yield 1, f"{source.code_line_count} lines of code, {CODE_LINES_MAX} are allowed"


def width(source):
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS_MAX:
            yield number, f"{len(line)} columns, {COLUMNS_MAX} are allowed"


def white_space(source):
    for number, line in enumerate(source.lines, 1):
        if line != line.rstrip():
            yield number, "blanks at the end of the line"
        if "\t" in line and not source.path.endswith(".S"):
            yield number, "a tab"
    if source.text and not source.text.endswith("\n"):
        yield len(source.lines), "no end of line at the end of the file"


def words(source):
    for number, line in enumerate(source.lines, 1):
        found = UNFINISHED.search(line)
        if found:
            yield number, f"a word of unfinished work: {found[0]}"


def sleeps(source):
    """A test waits for an event, never for time to pass; the probe of the Linux layer tests the
    sleeping calls themselves."""
    if source.path.startswith("tests/") and source.path != "tests/linux/probe.cpp":
        for found in SLEEP.finditer(source.code):
            yield source.code.count("\n", 0, found.start()) + 1, "a sleep in a test"


def assembly(source):
    if not source.is_c_like or source.path.startswith(ASSEMBLY_FOLDERS):
        return
    if source.path.endswith(".S"):
        yield 1, "an assembly file outside arch/"
    for number, line in enumerate(source.code.split("\n"), 1):
        if ASSEMBLY.search(line):
            yield number, "assembly outside arch/"


def include_guard(source):
    if source.path.endswith(".hpp") and "#pragma once" not in source.code:
        yield 1, "a header without #pragma once"


RULES = (first_line, length, width, white_space, words, sleeps, assembly, include_guard)
