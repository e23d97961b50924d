# toolchain/cli/commands/docs.py - `lamina docs --check`: do the documents still fit the tree?
import os
import subprocess
import sys

from toolchain.cli import docs_check
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
    """Runs each `sh` block of README.md at the root, with no terminal and no input."""
    complaints = []
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for block in docs_check.shell_blocks(text):
        say("running: " + block.strip().replace("\n", "; "))
        status = subprocess.run(["sh", "-euc", block], cwd=ROOT, stdin=subprocess.DEVNULL,
                                stdout=sys.stderr, env=dict(os.environ), check=False).returncode
        if status != 0:
            complaints.append(f"README.md: this block ends with {status}:\n{block}")
    return complaints
