# toolchain/cli/commands/locks.py - `lamina locks`: the order of locks that a scenario takes them in
import os
import subprocess

from toolchain.cli import bazel
from toolchain.cli.errors import TESTS_FAILED, Broken, UsageError
from toolchain.cli.progress import say, step

TARGET = "//toolchain/locks:scenario"
DOT = "/usr/bin/dot"
TRED = "/usr/bin/tred"


def run(arguments):
    """Prints the most contended locks and the files written; 1 if the validator complained."""
    folder = arguments.rest[0] if arguments.rest else "."
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise UsageError(f"cannot write into {folder}")
    files = bazel.build([TARGET], "building the scenario")
    program = next((absolute for path, absolute in files.items() if path.endswith("scenario")),
                   None)
    if program is None:
        raise Broken("the build did not give the scenario")
    with step("running the scenario"):
        table, complaint = observe(program, folder)
    print(table, end="")
    for ending in ("dot", "json", "svg"):
        print(os.path.join(folder, f"locks.{ending}"))
    if complaint:
        say("the validator reported:\n" + complaint)
        return TESTS_FAILED
    return 0


def observe(program, folder):
    """Writes locks.dot, locks.json and locks.svg into the folder. Returns (the table of the most
    contended locks, what the validator reported)."""
    done = subprocess.run([program, folder], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode not in (0, 1):
        raise Broken(f"the scenario ended with {done.returncode}", done.stderr)
    draw(os.path.join(folder, "locks.dot"), os.path.join(folder, "locks.svg"))
    return done.stdout, done.stderr if done.returncode else ""


def draw(dot_file, svg_file):
    """Draws the graph, without the arrows that follow from others."""
    # tred ends with 0 whatever it was given; of what it did not understand it writes nothing.
    reduced = subprocess.run([TRED, dot_file], capture_output=True, check=False)
    drawn = subprocess.run([DOT, "-Tsvg"], input=reduced.stdout, capture_output=True, check=False)
    if drawn.returncode != 0 or not drawn.stdout:
        raise Broken(f"Graphviz cannot draw {dot_file}",
                     (reduced.stderr + drawn.stderr).decode(errors="replace"))
    with open(svg_file, "wb") as file:
        file.write(drawn.stdout)
