# toolchain/cli/commands/run.py - `lamina run`: the image in QEMU, its shell on this terminal
import os
import sys

from toolchain.cli import artifacts, guest, qemu, terminal
from toolchain.cli.errors import UsageError
from toolchain.cli.progress import say
from toolchain.cli.relay import Source

# A kernel that panics ends the machine, so that the tool can tell and show the log.
WORDS = ("panic=exit",)
SCRIPT_WORDS = ("console=script", *WORDS)


def run(arguments):
    """Boots again when the guest reboots; returns the guest's exit status."""
    check(arguments)
    image = artifacts.image(needs_iso=arguments.firmware in ("bios", "uefi"))
    if not terminal.present():
        return run_script(arguments, image, Source(fd=sys.stdin.fileno()))
    machine = qemu.machine_of(arguments, WORDS)
    say("Ctrl-A X leaves")
    while True:
        with terminal.raw(sys.stdin.fileno()):
            source = Source(fd=sys.stdin.fileno(), escapes=True)
            end = guest.run(machine, image, source, sys.stdout.fileno(), arguments.timeout,
                            arguments.log)
        if not end.rebooted:
            return end.status or 0


def run_script(arguments, image, source):
    """Headless: the shell reads its commands from `source`."""
    machine = qemu.machine_of(arguments, SCRIPT_WORDS)
    sys.stdout.flush()
    end = guest.run(machine, image, source, sys.stdout.fileno(), arguments.timeout, arguments.log)
    return end.status or 0


def check(arguments):
    """Raises UsageError for files that cannot be used, before anything is built."""
    if arguments.disk and not os.path.isfile(arguments.disk):
        raise UsageError(f"--disk: there is no file {arguments.disk}")
    if arguments.log:
        folder = os.path.dirname(arguments.log) or "."
        if os.path.isdir(arguments.log) or not os.access(folder, os.W_OK):
            raise UsageError(f"--log: cannot write {arguments.log}")
