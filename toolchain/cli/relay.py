# toolchain/cli/relay.py - carries bytes between the guest's console and the user
"""One loop, no threads. A direction whose receiver is slow is not read: QEMU and the pipe behind
standard input then hold their bytes back, so the relay's memory is bounded."""
import enum
import os
import select
import time

# The kernel writes this (a terminal's "set title") when it takes over the console. What comes
# before is the firmware's; what the user types before would be lost in it.
MARKER = b"\x1b]0;Lamina\x07"
END_OF_FILE = b"\x04"
CHUNK = 65536
ENOUGH = 1 << 20
# A write of this size to a pipe that select() calls writable does not block (POSIX PIPE_BUF).
ATOMIC = 4096


class Outcome(enum.Enum):
    """Why the relay ended."""

    GUEST_CLOSED = 1
    USER_LEFT = 2
    TIMED_OUT = 3
    NOT_STARTED = 4


class Source:
    """What goes to the guest: first `text`, then what `fd` gives; the end of both sends 0x04.

    With `escapes` the bytes are keys: Ctrl-A X leaves, Ctrl-A Ctrl-A is Ctrl-A, and the end of
    the input (the terminal has gone) leaves too.
    """

    def __init__(self, text=b"", fd=None, escapes=False):
        self.pending = bytearray(text)
        self.fd = fd
        self.escapes = escapes
        self.left = False
        self._after_escape = False
        if fd is None:
            self.pending += END_OF_FILE

    def wants_input(self):
        """True if there is something to read and room for it."""
        return self.fd is not None and len(self.pending) < ENOUGH

    def read(self):
        """Takes what the file descriptor has."""
        data = os.read(self.fd, CHUNK)
        if data:
            self.pending += self._keys(data) if self.escapes else data
            return
        self.fd = None
        if self.escapes:
            self.left = True
        else:
            self.pending += END_OF_FILE

    def _keys(self, data):
        out = bytearray()
        for byte in data:
            if self._after_escape:
                self._after_escape = False
                if byte in b"xX":
                    self.left = True
                    break
                out += b"\x01" if byte == 1 else bytes((1, byte))
            elif byte == 1:
                self._after_escape = True
            else:
                out.append(byte)
        return out


class MarkerFilter:
    """Drops everything up to the end of the marker; lets the rest through."""

    def __init__(self):
        self.seen = False
        self._held = b""

    def feed(self, data):
        """The bytes of `data` that come after the marker."""
        if self.seen:
            return data
        data = self._held + data
        _, marker, after = data.partition(MARKER)
        if marker:
            self.seen = True
            self._held = b""
            return after
        self._held = data[-(len(MARKER) - 1):]
        return b""


def relay(guest, source, sink, deadline=None, start_deadline=None):
    """Carries bytes until the guest closes its console; returns the Outcome.

    `guest` is a connected socket, `sink` a file descriptor. The deadlines are times of
    time.monotonic(): one for all of it, one for the marker. Raises BrokenPipeError if nobody
    reads the sink any more.
    """
    guest.setblocking(False)
    marker = MarkerFilter()
    to_sink = bytearray()
    open_guest = True
    while open_guest or to_sink:
        reads = [guest] if open_guest and len(to_sink) < ENOUGH else []
        writes = [sink] if to_sink else []
        if open_guest and marker.seen:
            reads += [source.fd] if source.wants_input() else []
            writes += [guest] if source.pending else []
        limit = _earliest(deadline, None if marker.seen else start_deadline)
        ready, writable, _ = select.select(reads, writes, [], limit)
        if not ready and not writable:
            late = deadline is not None and time.monotonic() >= deadline
            return Outcome.TIMED_OUT if late else Outcome.NOT_STARTED
        if sink in writable:
            del to_sink[:os.write(sink, to_sink[:ATOMIC])]
        if guest in ready:
            data = _receive(guest)
            open_guest = data != b""
            to_sink += marker.feed(data or b"")
        if source.fd is not None and source.fd in ready:
            source.read()
        if guest in writable and open_guest:
            open_guest = _send(guest, source.pending)
        if source.left:
            return Outcome.USER_LEFT
        if deadline is not None and time.monotonic() >= deadline:
            _write_ready(sink, to_sink)
            return Outcome.TIMED_OUT
    return Outcome.GUEST_CLOSED


def _write_ready(sink, data):
    """Writes what the sink takes without waiting."""
    while data and select.select([], [sink], [], 0)[1]:
        del data[:os.write(sink, data[:ATOMIC])]


def _earliest(*times):
    """Seconds from now to the earliest of the times that are set, at least 0; None if none is."""
    set_times = [moment for moment in times if moment is not None]
    return max(0.0, min(set_times) - time.monotonic()) if set_times else None


def _receive(guest):
    """Bytes, b"" at the end, None if there is nothing after all."""
    try:
        return guest.recv(CHUNK)
    except BlockingIOError:
        return None
    except ConnectionError:
        return b""


def _send(guest, pending):
    """Sends the front of `pending` and removes it; False if the guest has gone."""
    try:
        del pending[:guest.send(pending[:CHUNK])]
    except BlockingIOError:
        pass
    except ConnectionError:
        return False
    return True
