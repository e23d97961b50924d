# tests/cli/relay_test.py - the console relay, with a thread in the guest's place
import os
import socket
import tempfile
import threading
import time
import unittest

from toolchain.cli.relay import ENOUGH, MARKER, MarkerFilter, Outcome, Source, relay

BIG = 6 << 20


class RelayTest(unittest.TestCase):
    def setUp(self):
        self.ours, self.guest = socket.socketpair()
        self.addCleanup(self.ours.close)
        self.addCleanup(self.guest.close)
        self.sink = tempfile.TemporaryFile()
        self.addCleanup(self.sink.close)

    def start_guest(self, behaviour):
        """Runs behaviour(socket) as the guest; the console closes when it returns."""
        def run():
            with self.guest:
                behaviour(self.guest)

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)

    def relay(self, source, **limits):
        """The outcome, and what came out."""
        outcome = relay(self.ours, source, self.sink.fileno(), **limits)
        self.sink.seek(0)
        return outcome, self.sink.read()

    def test_noise_and_marker_are_dropped(self):
        """What comes before the marker is dropped, and the marker; the rest comes out."""
        self.start_guest(lambda guest: guest.sendall(b"SeaBIOS\r\n" + MARKER + b"hello\n"))
        self.assertEqual(self.relay(Source()), (Outcome.GUEST_CLOSED, b"hello\n"))

    def test_marker_in_pieces(self):
        """The marker is found wherever the stream is cut."""
        stream = b"no\x1b]0;Lam" + MARKER + b"out"
        for size in range(1, len(stream) + 1):
            marker = MarkerFilter()
            pieces = [stream[at:at + size] for at in range(0, len(stream), size)]
            self.assertEqual(b"".join(map(marker.feed, pieces)), b"out")

    def test_input_waits_for_the_marker(self):
        """The guest gets nothing before its marker, then the text and the end of file."""
        got = []

        def behaviour(guest):
            guest.settimeout(0.05)
            try:
                got.append(guest.recv(10))
            except TimeoutError:
                got.append(None)
            guest.settimeout(30)
            guest.sendall(MARKER)
            got.append(guest.recv(3) + guest.recv(10))

        self.start_guest(behaviour)
        self.relay(Source(text=b"run"))
        self.assertEqual(got, [None, b"run\x04"])

    def test_big_input_to_a_slow_guest(self):
        """Megabytes through a guest that takes small bites and echoes all: nothing is lost, and
        the relay holds little of it."""
        data = os.urandom(BIG).replace(b"\x04", b"\x05")
        read_end, write_end = os.pipe()
        source = Source(fd=read_end)
        most = 0

        def feed():
            with os.fdopen(write_end, "wb") as pipe:
                pipe.write(data)

        def echo(guest):
            nonlocal most
            guest.sendall(MARKER)
            while True:
                bite = guest.recv(1000)
                most = max(most, len(source.pending))
                if bite.endswith(b"\x04"):
                    guest.sendall(bite[:-1])
                    return
                guest.sendall(bite)

        feeder = threading.Thread(target=feed)
        feeder.start()
        self.addCleanup(feeder.join)
        self.addCleanup(os.close, read_end)
        self.start_guest(echo)
        outcome, out = self.relay(source)
        self.assertEqual(outcome, Outcome.GUEST_CLOSED)
        self.assertTrue(out == data)
        self.assertLess(most, 2 * ENOUGH)

    def test_slow_reader_of_the_output(self):
        """A full pipe behind standard output holds the guest back and loses nothing."""
        read_end, write_end = os.pipe()
        got = bytearray()

        def reader():
            with os.fdopen(read_end, "rb", buffering=0) as pipe:
                while piece := pipe.read(777):
                    got.extend(piece)

        data = bytes(range(256)) * 4096
        thread = threading.Thread(target=reader)
        self.start_guest(lambda guest: guest.sendall(MARKER + data))
        thread.start()
        relay(self.ours, Source(), write_end)
        os.close(write_end)
        thread.join()
        self.assertTrue(bytes(got) == data)

    def test_nobody_reads_the_output(self):
        """If the reader of the output has gone the relay ends with BrokenPipeError."""
        read_end, write_end = os.pipe()
        os.close(read_end)
        self.addCleanup(os.close, write_end)
        self.start_guest(lambda guest: guest.sendall(MARKER + b"x"))
        with self.assertRaises(BrokenPipeError):
            relay(self.ours, Source(), write_end)

    def test_keys(self):
        """Ctrl-A X leaves, Ctrl-A Ctrl-A is one Ctrl-A, Ctrl-C is the guest's."""
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        self.addCleanup(os.close, write_end)
        got = bytearray()

        def behaviour(guest):
            guest.sendall(MARKER)
            while piece := guest.recv(100):
                got.extend(piece)
                if got.endswith(b"c"):
                    os.write(write_end, b"\x01x")  # only now: what is typed before gets through

        self.start_guest(behaviour)
        os.write(write_end, b"a\x01\x01\x03\x01bc")
        outcome, _ = self.relay(Source(fd=read_end, escapes=True))
        self.ours.close()
        self.assertEqual(outcome, Outcome.USER_LEFT)
        self.assertEqual(bytes(got), b"a\x01\x03\x01bc")

    def test_terminal_goes_away(self):
        """The end of a terminal's input leaves, it is not the end of a script."""
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        os.close(write_end)
        self.guest.sendall(MARKER)
        outcome, _ = self.relay(Source(fd=read_end, escapes=True))
        self.assertEqual(outcome, Outcome.USER_LEFT)

    def test_limits(self):
        """A guest that goes on for ever is timed out; one without the marker did not start."""
        soon = time.monotonic() + 0.05
        self.assertEqual(self.relay(Source(), start_deadline=soon)[0], Outcome.NOT_STARTED)
        self.guest.sendall(MARKER + b"partial")
        self.assertEqual(self.relay(Source(), deadline=time.monotonic() + 0.2),
                         (Outcome.TIMED_OUT, b"partial"))

    def test_late_output(self):
        """What has come from the guest when the time is over comes out."""
        self.guest.sendall(MARKER + b"last words")
        self.assertEqual(self.relay(Source(), deadline=time.monotonic()),
                         (Outcome.TIMED_OUT, b"last words"))


if __name__ == "__main__":
    unittest.main()
