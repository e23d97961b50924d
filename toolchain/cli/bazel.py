# toolchain/cli/bazel.py - runs Bazel, quietly, and reads what it reports about itself
"""Bazel writes each event of a build (a file was built, a test has ended) as a line of JSON. That
is the source of all results here; its text on the terminal is shown only if something failed."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import urllib.parse

from toolchain.cli import processes
from toolchain.cli.errors import Broken
from toolchain.cli.guest import scratch
from toolchain.cli.places import ROOT
from toolchain.cli.progress import say, step

BAZEL = "/usr/bin/bazel"
QUIET = ["--noshow_progress", "--color=no", "--curses=no", "--noshow_loading_progress"]
DISK_NEEDED = 4 << 30
# Bazel passes an interrupt to its server, which needs a moment to stop compilers and tests.
CANCEL_GRACE_S = 15.0
POLL_S = 0.2


def warn_if_disk_is_short(path=None):
    """Says so if fewer than 4 GB are free where Bazel builds."""
    folder = pathlib.Path(path or os.path.expanduser("~/.cache"))
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < DISK_NEEDED:
        say(f"only {free / 1e9:.1f} GB are free under {folder}; a build may need 4 GB")


def local_path(uri):
    """The path of a file: URI."""
    return urllib.parse.unquote(urllib.parse.urlparse(uri).path)


class Events:
    """Follows the event file while Bazel writes it."""

    def __init__(self, path):
        self._path = path
        self._file = None
        self._part = ""

    def new(self):
        """The events written since the last call, oldest first."""
        if self._file is None:
            with contextlib.suppress(FileNotFoundError):
                self._file = open(self._path, encoding="utf-8")
        if self._file is None:
            return []
        *lines, self._part = (self._part + self._file.read()).split("\n")
        return [json.loads(line) for line in lines if line]

    def close(self):
        """Closes the file."""
        if self._file is not None:
            self._file.close()


def call(command, arguments, on_event=lambda event: None):
    """Runs `bazel COMMAND ARGUMENTS` in the tree; `on_event` gets each event as it comes.

    Returns (exit status, standard output, what Bazel said on standard error).
    """
    with scratch() as directory:
        out, complaint = directory / "out", directory / "complaint"
        argv = [BAZEL, command, *QUIET]
        events = Events(directory / "events")
        if command in ("build", "test"):
            argv.append(f"--build_event_json_file={directory / 'events'}")
        with open(out, "wb") as stdout, open(complaint, "wb") as stderr, \
                contextlib.closing(events):
            status = _run(argv + arguments, stdout, stderr, events, on_event)
        return (status, out.read_text(encoding="utf-8", errors="replace"),
                complaint.read_text(encoding="utf-8", errors="replace"))


def _run(argv, stdout, stderr, events, on_event):
    with processes.running(argv, signal.SIGINT, stdout=stdout, stderr=stderr, cwd=ROOT) as child:
        try:
            while True:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(POLL_S)
                ended = child.poll() is not None
                for event in events.new():
                    on_event(event)
                if ended:
                    return child.returncode
        except BaseException:
            processes.stop(child, signal.SIGINT, CANCEL_GRACE_S)
            raise


def build(targets, what="building the image"):
    """Builds the targets; returns {path below bazel-bin: absolute path} of their files.

    Raises Broken with Bazel's messages if it fails.
    """
    warn_if_disk_is_short()
    files = {}

    def collect(event):
        for entry in event.get("namedSetOfFiles", {}).get("files", []):
            files[entry["name"]] = local_path(entry["uri"])

    with step(what):
        status, _, complaint = call("build", list(targets), collect)
    if status != 0:
        raise Broken(f"{what} failed", complaint)
    return files


def query(expression, output="label"):
    """The lines `bazel query` prints."""
    status, out, complaint = call("query", [f"--output={output}", expression])
    if status != 0:
        raise Broken(f"bazel query failed: {expression}", complaint)
    return out
