# toolchain/cli/progress.py - says on standard error what is going on, if it takes over a second
import contextlib
import sys
import threading
import time

PATIENCE_S = 1.0
REPEAT_S = 15.0


def say(text):
    """One line on standard error."""
    try:
        print(f"lamina: {text}", file=sys.stderr, flush=True)
    except OSError:
        pass  # nobody listens; the work goes on


@contextlib.contextmanager
def step(what):
    """While the body runs: says `what` after one second, and again every 15 seconds."""
    ended = threading.Event()

    def speak():
        start = time.monotonic()
        if ended.wait(PATIENCE_S):
            return
        say(f"{what} ...")
        while not ended.wait(REPEAT_S):
            say(f"{what} ... {time.monotonic() - start:.0f} s")

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield
    finally:
        ended.set()
        speaker.join()
