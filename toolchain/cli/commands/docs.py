# toolchain/cli/commands/docs.py - `lamina docs --check`: do the documents still fit the tree?
import shutil
import sys

from toolchain.cli import docs_check, guest, processes
from toolchain.cli.errors import TESTS_FAILED, UsageError
from toolchain.cli.places import ROOT
from toolchain.cli.progress import say


def run(arguments):
    """Prints each complaint; returns 1 if there is one."""
    if not arguments.check and not arguments.run:
        raise UsageError("docs needs --check")
    found = docs_check.check_all()
    complaints = [complaint for those in found.values() for complaint in those]
    if arguments.run:
        complaints += _run_readme()
    for complaint in complaints:
        print(complaint)
    print(f"{len(found)} documents, {len(complaints)} complaints")
    return TESTS_FAILED if complaints else 0


def _run_readme():
    """Runs each `sh` block of README.md in order, in a copy of the tree, without a terminal."""
    complaints = []
    with guest.scratch() as folder:
        copy = folder / "lamina"
        shutil.copytree(ROOT, copy, symlinks=True,
                        ignore=shutil.ignore_patterns("bazel-*", "__pycache__"))
        text = (copy / "README.md").read_text(encoding="utf-8")
        for block in docs_check.shell_blocks(text):
            say("running: " + block.strip().replace("\n", "; "))
            with processes.running(["sh", "-euc", block], cwd=copy, stdout=sys.stderr) as child:
                status = child.wait()
            if status != 0:
                complaints.append(f"README.md: this block ends with {status}:\n{block}")
        with processes.running(["./lamina", "clean", "--all"], cwd=copy) as child:
            child.wait()
    return complaints
