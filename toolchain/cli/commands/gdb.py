# toolchain/cli/commands/gdb.py - `lamina gdb`: a stopped machine with gdb attached
import dataclasses
import signal
import subprocess
import sys

from toolchain.cli import artifacts, guest, processes, qemu
from toolchain.cli.commands.run import check
from toolchain.cli.errors import Broken, UsageError
from toolchain.cli.places import ROOT
from toolchain.cli.progress import say
from toolchain.cli.suggest import did_you_mean

GDB = "/usr/bin/gdb"
DEFAULT_APP = "init"

# `app NAME` exchanges the app's symbols: all apps are linked at the same addresses.
APP_COMMAND = """\
python
import gdb
class App(gdb.Command):
    "app NAME: take the symbols of the app NAME."
    files = {files!r}
    def __init__(self):
        super().__init__("app", gdb.COMMAND_FILES)
    def complete(self, text, word):
        return [name for name in self.files if name.startswith(word)]
    def invoke(self, name, from_tty):
        if name not in self.files:
            raise gdb.GdbError("apps: " + " ".join(sorted(self.files)))
        for file in self.files.values():
            try:
                gdb.execute("remove-symbol-file " + file, to_string=True)
            except gdb.error:
                pass
        gdb.execute("add-symbol-file " + self.files[name], to_string=True)
App()
end
"""


def run(arguments):
    """Returns gdb's exit status. The guest's console is a pseudo-terminal that is named first."""
    check(arguments)
    app = arguments.rest[0] if arguments.rest else DEFAULT_APP
    apps, kernel = artifacts.symbols()
    if app not in apps:
        raise UsageError(f"the image has no app {app}"
                         + did_you_mean(app, apps, "; it has " + ", ".join(sorted(apps))))
    image = artifacts.image(needs_iso=arguments.firmware in ("bios", "uefi"))
    with guest.scratch() as directory:
        stub = directory / "gdb"
        commands = directory / "commands"
        machine = dataclasses.replace(
            qemu.machine_of(arguments, ()),
            extra=("-S", "-gdb", f"unix:path={stub},server=on,wait=off"))
        commands.write_text(_commands(apps, app, kernel, stub), encoding="utf-8")
        log = arguments.log or directory / "kernel.log"
        argv = qemu.command_line(machine, image, "pty", qemu.file_device(log))
        with processes.running(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True) as child:
            console = _console_of(child)
            say(f"the guest's console is {console}, its log {log}")
            return _run_gdb([GDB, "-q", "-x", str(commands), *arguments.after])


def _commands(apps, app, kernel, stub):
    return "\n".join(["set confirm off", "set pagination off", "set debuginfod enabled off",
                      f"directory {ROOT}",
                      f"file {kernel}", APP_COMMAND.format(files=apps), f"app {app}",
                      f"target remote {stub}", ""])


def _console_of(child):
    """The pseudo-terminal QEMU names in its first line; by then the gdb stub listens."""
    said = ""
    for line in child.stdout:
        said += line
        if "char device redirected to" in line:
            return line.split("redirected to ")[1].split()[0]
    raise Broken("QEMU did not start", said)


def _run_gdb(argv):
    """gdb in the foreground of the terminal. Ctrl-C is gdb's: it stops the guest."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with subprocess.Popen(argv, stdin=sys.stdin,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
                              ) as child:
            try:
                return child.wait()
            finally:
                child.kill()
    finally:
        signal.signal(signal.SIGINT, before)
