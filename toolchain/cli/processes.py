# toolchain/cli/processes.py - child processes that never outlive the tool
"""A child leads its own process group, so a key on the terminal reaches only the tool, which then
stops the whole group. If the tool is killed outright, the kernel kills the child."""
import contextlib
import ctypes
import os
import signal
import subprocess

PR_SET_PDEATHSIG = 1
GRACE_S = 5.0

_libc = ctypes.CDLL(None)


def start(argv, **options):
    """subprocess.Popen in a process group of its own; `options` as there. Input is empty."""
    options.setdefault("stdin", subprocess.DEVNULL)
    parent = os.getpid()

    def tie_to_parent():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(127)  # the tool ended before the line above took effect

    return subprocess.Popen(argv, start_new_session=True, preexec_fn=tie_to_parent, **options)


def stop(child, first=signal.SIGTERM, grace_s=GRACE_S):
    """Ends the child and its group: `first`, then after `grace_s` SIGKILL. Idempotent."""
    if child.poll() is None:
        _signal_group(child, first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace_s)
    _signal_group(child, signal.SIGKILL)
    child.wait()


def _signal_group(child, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


@contextlib.contextmanager
def running(argv, first=signal.SIGTERM, **options):
    """Starts a child for the body, and stops it at the end whatever happens."""
    child = start(argv, **options)
    try:
        yield child
    finally:
        stop(child, first)
