# toolchain/cli/commands/shell.py - `lamina shell -c '...'`: runs commands, prints their output only
import sys

from toolchain.cli import artifacts, script
from toolchain.cli.commands.run import check, run_script
from toolchain.cli.errors import UsageError
from toolchain.cli.relay import Source


def run(arguments):
    """Returns the status of the last command."""
    check(arguments)
    if arguments.c is None:
        if sys.stdin.isatty():
            raise UsageError("shell needs commands: shell -c 'version; run hello'; "
                             "`lamina run` gives an interactive shell")
        source = Source(fd=sys.stdin.fileno())
    else:
        text = script.lines_of(arguments.c)
        if "\x04" in text:
            raise UsageError("-c: the byte 0x04 ends the input; it cannot be in a command")
        source = Source(text=text.encode())
    image = artifacts.image(needs_iso=arguments.firmware in ("bios", "uefi"))
    return run_script(arguments, image, source)
