# toolchain/cli/commands/doctor.py - `lamina doctor`: tools, versions, disk space
import os
import re
import shutil
import subprocess

from toolchain.cli import bazel, packages
from toolchain.cli.errors import SetUpError
from toolchain.cli.places import ROOT, version


def run(_arguments):
    """Prints a table; returns 3 if a package is missing."""
    print(f"{'lamina':<20} {version()}")
    print(f"{'processors':<20} {len(os.sched_getaffinity(0))}")
    print(f"{'tree':<20} {ROOT}, {_free(ROOT)}")
    cache = os.path.expanduser("~/.cache")
    print(f"{'build cache':<20} {cache}, {_free(cache)}")
    missing = []
    seen = set()
    for package in packages.read():
        if package.name in seen:
            continue
        seen.add(package.name)
        state = _version(package) if package.present() else "MISSING"
        print(f"{package.name:<20} {state}  (for {package.section})")
        if not package.present():
            missing.append(package.name)
    bazel.warn_if_disk_is_short()
    if missing:
        raise SetUpError("missing: " + " ".join(missing) + "; a command that needs them "
                         "installs them, or: apt-get install --no-install-recommends "
                         + " ".join(missing))
    return 0


def _free(folder):
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return f"{shutil.disk_usage(folder).free / 1e9:.1f} GB free"


def _version(package):
    """What dpkg says; a machine without dpkg has the files all the same."""
    try:
        found = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package.name],
                               capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        found = ""
    return re.sub(r"\s+", " ", found) or "present"
