# toolchain/cli/terminal.py - the user's terminal in raw mode, restored on every way out
import contextlib
import os
import sys
import termios
import tty

# Colours off, cursor visible: what a guest cut off in mid-line may have left otherwise.
RESET = b"\x1b[0m\x1b[?25h"


def present():
    """True if there is a person: standard input and output are a terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


@contextlib.contextmanager
def raw(fd):
    """Keys go through one by one and unchanged, Ctrl-C too, while the body runs."""
    before = termios.tcgetattr(fd)
    try:
        tty.setraw(fd, termios.TCSANOW)
        mode = termios.tcgetattr(fd)
        mode[1] |= termios.OPOST | termios.ONLCR  # messages of ours still end their lines
        termios.tcsetattr(fd, termios.TCSANOW, mode)
        yield
    finally:
        with contextlib.suppress(OSError):
            os.write(fd, RESET)
        with contextlib.suppress(termios.error):
            termios.tcsetattr(fd, termios.TCSANOW, before)
