# toolchain/cli/commands/clean.py - `lamina clean`: removes what was built
import os
import shutil

from toolchain.cli import bazel
from toolchain.cli.errors import Broken
from toolchain.cli.places import ROOT
from toolchain.cli.progress import step


def run(arguments):
    """Removes Bazel's outputs and what Python compiled; with --all Bazel's cache too."""
    for folder, names, _ in os.walk(ROOT):
        for name in [name for name in names if name == "__pycache__"]:
            shutil.rmtree(os.path.join(folder, name), ignore_errors=True)
        names[:] = [name for name in names if not name.startswith((".", "bazel-"))]
    if not os.path.exists(bazel.BAZEL):
        return 0  # nothing was built on this machine
    with step("cleaning"):
        status, _, complaint = bazel.call("clean", ["--expunge"] if arguments.all else [])
    if status != 0:
        raise Broken("bazel clean failed", complaint)
    return 0
