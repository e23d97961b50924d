# toolchain/cli/guest.py - boots a machine, relays its console, and says how it ended
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from toolchain.cli import kernel_log, processes, qemu
from toolchain.cli.errors import Broken, TimedOut
from toolchain.cli.relay import Outcome, relay

# How long firmware, boot loader and kernel may take until the console is the kernel's. UEFI under
# emulation needs about 5 seconds on an idle machine.
START_LIMIT_S = 180.0
END_LIMIT_S = 20.0


@contextlib.contextmanager
def scratch():
    """A directory for sockets and logs. It is in /tmp: a socket's path must be short."""
    path = tempfile.mkdtemp(prefix="lamina-", dir="/tmp")
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run(machine, image, source, sink, timeout_s=None, log=None):
    """Boots, relays until the guest ends, and returns its kernel_log.End.

    An End with neither status nor reboot means that the user left. Raises TimedOut, or Broken
    with the tail of the log if QEMU or the guest failed. Whatever happens, QEMU has ended.
    """
    deadline = time.monotonic() + timeout_s if timeout_s else None
    with scratch() as directory:
        log_path = log or directory / "kernel.log"
        pathlib.Path(log_path).write_bytes(b"")
        with started(machine, image, log_path, directory) as (child, console):
            start_deadline = time.monotonic() + START_LIMIT_S
            outcome = relay(console, source, sink, deadline, start_deadline)
            if outcome is Outcome.GUEST_CLOSED:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(END_LIMIT_S)
            status = child.poll()
        complaint = (directory / "qemu.txt").read_text(encoding="utf-8", errors="replace")
        return _judge(outcome, status, kernel_log.read(log_path), complaint, timeout_s)


@contextlib.contextmanager
def started(machine, image, log_path, directory):
    """QEMU and our end of its console. QEMU ends with the body."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        argv = qemu.command_line(machine, image, f"socket,fd={theirs.fileno()}",
                                 qemu.file_device(log_path))
        with open(directory / "qemu.txt", "wb") as complaint, \
                processes.running(argv, stdout=complaint, stderr=complaint,
                                  pass_fds=(theirs.fileno(),)) as child:
            theirs.close()  # so that the end of QEMU is the end of the stream
            yield child, ours


def _judge(outcome, status, log, complaint, timeout_s):
    if outcome is Outcome.TIMED_OUT:
        raise TimedOut(f"timed out after {timeout_s:g} s", _detail(log, complaint))
    if outcome is Outcome.NOT_STARTED:
        raise Broken(f"the kernel did not start within {START_LIMIT_S:.0f} s",
                     _detail(log, complaint))
    end = kernel_log.end_of(log)
    if outcome is Outcome.GUEST_CLOSED and end.status is None and not end.rebooted:
        how = "is still running without a console" if status is None else f"ended with {status}"
        raise Broken(f"the guest died (QEMU {how}); the end of its log is above",
                     _detail(log, complaint))
    return end


def _detail(log, complaint):
    parts = ["the kernel's log:", kernel_log.tail(log)]
    said = [line for line in complaint.split("\n")
            if line.strip() and "terminating on signal" not in line]  # that was our doing
    if said:
        parts += ["QEMU said:", *(f"  | {line}" for line in said)]
    return "\n".join(parts)
