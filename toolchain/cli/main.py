# toolchain/cli/main.py - from the command line to an exit status
import os
import signal
import subprocess
import sys
import traceback

from toolchain.cli import options
from toolchain.cli.catalogue import COMMANDS, help_of, overview
from toolchain.cli.errors import INTERRUPTED, Failure, SetUpError, Stopped, UsageError
from toolchain.cli.places import ROOT, version
from toolchain.cli.progress import say
from toolchain.cli.suggest import did_you_mean


def main(argv):
    """Runs the tool; returns the exit status."""
    _open_closed_streams()
    _catch_signals()
    try:
        status = _dispatch(argv)
        sys.stdout.flush()
        return status
    except Failure as failure:
        if failure.detail:
            print(failure.detail.rstrip("\n"), file=sys.stderr)
        if failure.message:
            say(failure.message)
        return failure.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    except Stopped as stopped:
        return stopped.exit_status
    except BrokenPipeError:
        # Whoever read our output has gone. Python must not complain about it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception:
        traceback.print_exc()
        return Failure.exit_status


def _dispatch(argv):
    if not argv:
        print(overview(), file=sys.stderr)
        return UsageError.exit_status
    first, rest = argv[0], argv[1:]
    if first in ("--version", "version"):
        print(f"lamina {version()}")
        return 0
    if first in ("--help", "-h"):
        first = "help"
    command = COMMANDS.get(first)
    if command is None:
        kind = "option" if first.startswith("-") else "command"
        names = [*COMMANDS, "--version", "--help"]
        raise UsageError(f"there is no {kind} {first}"
                         + did_you_mean(first, names, "; see `lamina help`"))
    if command.name == "help":
        return _help(rest)
    if "--help" in rest or "-h" in rest:
        return _help([command.name])
    arguments = options.read(command, rest, COMMANDS)
    if command.needs_packages:
        _set_up(arguments)
    return command.run(arguments)


def _help(words):
    if not words:
        print(overview())
        return 0
    command = COMMANDS.get(words[0])
    if command is None or len(words) > 1:
        word = words[-1] if command else words[0]
        raise UsageError(f"there is no command {word}"
                         + did_you_mean(word, COMMANDS, "; see `lamina help`"))
    print(help_of(command))
    return 0


def _set_up(arguments):
    argv = [str(ROOT / "lamina"), "--set-up", arguments.command.name]
    argv += ["--yes"] if arguments.yes else []
    argv += ["--no-install"] if arguments.no_install else []
    if subprocess.run(argv, stdout=sys.stderr, check=False).returncode != 0:
        raise SetUpError("")


def _open_closed_streams():
    """Whoever started the tool may have closed its standard streams; they lead nowhere then."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            file = open(os.devnull, mode, encoding="utf-8")
            if file.fileno() != number:
                os.dup2(file.fileno(), number)
            setattr(sys, name, file)


def _catch_signals():
    def stop(number, _frame):
        raise Stopped(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
            signal.signal(number, stop)
    signal.signal(signal.SIGINT, signal.default_int_handler)
