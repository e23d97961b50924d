# toolchain/cli/commands/loc.py - `lamina loc`: lines of code by part, and the kernel core's bar
import os

from toolchain.cli import count_lines
from toolchain.cli.errors import TESTS_FAILED
from toolchain.cli.places import ROOT

KERNEL_CORE_BAR = 10_000
SUFFIXES = count_lines.CXX + count_lines.PYTHON + (".sh",)
# The first part whose folder a file is below counts it; BUILD files are tools wherever they are.
# arch/host is what tests and simulator have for a machine: no kernel is compiled from it.
PARTS = (("tests", ("exokernel/arch/host/",)),
         ("drivers", ("exokernel/driver/",)),
         ("kernel core", ("exokernel/",)),
         ("shared", ("include/lamina/",)),
         ("libOS", ("libos/",)), ("apps", ("apps/",)),
         ("tests", ("tests/",)), ("tools", ("",)))
SHOWN = ("kernel core", "drivers", "shared", "libOS", "apps", "tests", "tools")


def run(_arguments):
    """Returns 1 if the kernel core is over its bar."""
    texts = {}
    for path in _files():
        with open(ROOT / path, encoding="utf-8", errors="replace") as file:
            texts[path] = file.read()
    compiled = count_lines.included(texts, "exokernel/", "include/")
    counts = {part: [0, 0] for part in SHOWN}
    for path, text in texts.items():
        counted = counts["kernel core" if path in compiled else part_of(path)]
        counted[0] += 1
        counted[1] += count_lines.count(path, text)
    for part in SHOWN:
        files, lines = counts[part]
        print(f"{part:<12} {lines:>7} lines {files:>5} files")
    core = counts["kernel core"][1]
    verdict = "under" if core < KERNEL_CORE_BAR else "OVER"
    print(f"kernel core is {verdict} {KERNEL_CORE_BAR:,} lines (exokernel/ without driver/, "
          "with the headers it compiles from include/lamina/)")
    return 0 if core < KERNEL_CORE_BAR else TESTS_FAILED


def part_of(path):
    """The part that counts a file, unless the kernel core compiles it."""
    if path.endswith(".bazel"):
        return "tools"
    return next(part for part, folders in PARTS if path.startswith(folders))


def _files():
    """Source files below the root, scripts without a suffix too."""
    for folder, names, files in os.walk(ROOT):
        names[:] = sorted(name for name in names
                          if not name.startswith((".", "bazel-")) and name != "__pycache__")
        for name in sorted(files):
            path = os.path.relpath(os.path.join(folder, name), ROOT)
            if name.endswith(SUFFIXES) or name == "WORKSPACE" or _is_script(path):
                yield path


def _is_script(path):
    if "." in os.path.basename(path) or os.path.islink(ROOT / path):
        return False
    with open(ROOT / path, "rb") as file:
        return file.read(2) == b"#!"
