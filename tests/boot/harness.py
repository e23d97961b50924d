# tests/boot/harness.py - a machine under test: its console, its log and QEMU's machine protocol
"""    class ShellTest(BootTest):
        def test_echo(self):
            '''echo prints its words.'''
            with self.boot() as machine:
                self.assertEqual(machine.command("echo a b"), "a b")

Time limits are only there so that a broken guest fails a test instead of hanging it."""
import contextlib
import os
import pathlib
import re
import select
import socket
import sys
import tempfile
import time
import unittest

from tests.boot.qmp import Qmp
from toolchain.cli import kernel_log, processes, qemu
from toolchain.cli.relay import MarkerFilter

# The prompt at the start of a line. The line editor shows it again for each key, after a return.
PROMPT = r"(?:\A|\n)\r?(?:\x1b\[[0-9;?]*[A-Za-z])*lamina> "
LIMIT_S = 300
TAIL = 2000


def image_under_test():
    """The image the test rule names in the environment."""
    return qemu.Image(kernel=os.environ["LAMINA_KERNEL"],
                      archive=os.environ["LAMINA_ARCHIVE"], iso=os.environ["LAMINA_ISO"])


class Stream:
    """What came so far over one of the guest's serial lines, and how much of it is used."""

    def __init__(self, connection):
        self.connection = connection
        self.text = ""
        self.used = 0
        self.closed = False

    def read(self):
        """Takes what is there."""
        data = b""
        with contextlib.suppress(ConnectionError):
            data = self.connection.recv(65536)
        self.closed = not data
        self.text += self.accept(data).decode("utf-8", "replace")

    def accept(self, data):
        """The bytes that count."""
        return data


class Console(Stream):
    """The console; what the firmware wrote does not count."""

    def __init__(self, connection):
        super().__init__(connection)
        self.marker = MarkerFilter()

    def accept(self, data):
        return self.marker.feed(data)


class Machine:
    """A running QEMU. A context manager: QEMU ends with the body."""

    def __init__(self, image, script=False, words=(), panic_exit=True, **settings):
        settings["words"] = (*(("console=script",) if script else ()),
                             *(("panic=exit",) if panic_exit else ()), *words)
        self._settings = qemu.Machine(**settings)
        self._image = image
        self._stack = contextlib.ExitStack()

    def __enter__(self):
        with self._stack as stack:
            pairs = [socket.socketpair() for _ in range(3)]
            ours, theirs = zip(*pairs)
            for end in ours:
                stack.enter_context(end)
            devices = [f"socket,fd={end.fileno()}" for end in theirs]
            argv = qemu.command_line(self._settings, self._image, devices[0], devices[1])
            argv += ["-chardev", f"{devices[2]},id=qmp", "-mon", "chardev=qmp,mode=control"]
            self.process = stack.enter_context(processes.running(
                argv, stderr=sys.stderr, pass_fds=[end.fileno() for end in theirs]))
            for end in theirs:
                end.close()
            self.console, self.log = Console(ours[0]), Stream(ours[1])
            self.qmp = Qmp(ours[2])
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def expect(self, pattern, stream=None, limit_s=LIMIT_S):
        """Waits until the regular expression matches what the console (or `stream`) has sent
        since the last expect; returns the match. Fails if it cannot match any more."""
        stream = stream or self.console
        deadline = time.monotonic() + limit_s
        while True:
            match = re.compile(pattern, re.MULTILINE).search(stream.text, stream.used)
            if match:
                stream.used = match.end()
                return match
            if stream.closed or not self._pump(deadline):
                raise AssertionError(
                    f"{'QEMU ended' if stream.closed else 'time out'} before {pattern!r}\n"
                    f"console: {self.console.text[-TAIL:]!r}\nlog:\n{self.log.text[-TAIL:]}")

    def expect_log(self, pattern, limit_s=LIMIT_S):
        """The same for the kernel's log."""
        return self.expect(pattern, self.log, limit_s)

    def send(self, text):
        """Types the text."""
        data = text.encode()
        deadline = time.monotonic() + LIMIT_S
        while not self.console.marker.seen and self._pump(deadline):
            pass
        while data:
            # Output is taken meanwhile: a guest that cannot write does not read for ever.
            if not self._pump(deadline, self.console.connection):
                raise AssertionError("the guest does not take its input")
            with contextlib.suppress(BlockingIOError):
                sent = self.console.connection.send(data[:4096], socket.MSG_DONTWAIT)
                data = data[sent:]
                deadline = time.monotonic() + LIMIT_S

    def prompt(self):
        """Waits for the shell's prompt; returns what came before it."""
        start = self.console.used
        match = self.expect(PROMPT)
        return kernel_log.plain(self.console.text[start:match.start()])

    def expect_beside_prompt(self, pattern):
        """Waits for the regular expression and for the shell's prompt, whichever comes first."""
        self.expect(f"(?s:{pattern}.*{PROMPT}|{PROMPT}.*{pattern})")

    def command(self, line):
        """Types a command at the prompt; returns its output without echo and last line end."""
        self.send(line + "\r")
        output = self.prompt()
        _, _, output = output.partition("\n")  # what was typed comes back first
        return output.removesuffix("\n")

    def wait_end(self, limit_s=LIMIT_S):
        """Waits until QEMU has ended; returns the kernel_log.End."""
        deadline = time.monotonic() + limit_s
        while not (self.console.closed and self.log.closed):
            if not self._pump(deadline):
                raise AssertionError(f"the machine does not end\nlog:\n{self.log.text[-TAIL:]}")
        self.process.wait(limit_s)
        return kernel_log.end_of(kernel_log.plain(self.log.text))

    def screen_text(self):
        """The characters of the text-mode screen, 25 lines."""
        with tempfile.TemporaryDirectory(dir="/tmp") as directory:
            path = pathlib.Path(directory) / "screen"
            self.qmp.call("pmemsave", val=0xb8000, size=80 * 25 * 2, filename=str(path))
            cells = path.read_bytes()[::2].decode("latin-1")
        return "\n".join(cells[start:start + 80].rstrip() for start in range(0, 80 * 25, 80))

    def screen_pixels(self):
        """(width, height, RGB bytes) of the screen."""
        with tempfile.TemporaryDirectory(dir="/tmp") as directory:
            path = pathlib.Path(directory) / "screen.ppm"
            self.qmp.call("screendump", filename=str(path))
            magic, size, _, pixels = path.read_bytes().split(b"\n", 3)
        if magic != b"P6":
            raise AssertionError(f"the screen dump starts with {magic!r}")
        width, height = map(int, size.split())
        return width, height, pixels

    def _pump(self, deadline, writable=None):
        """Waits for output, or until `writable` is; takes the output. False at the deadline."""
        streams = {stream.connection: stream for stream in (self.console, self.log)
                   if not stream.closed}
        ready, free, _ = select.select(list(streams), [writable] if writable else [], [],
                                       max(0, deadline - time.monotonic()))
        for connection in ready:
            streams[connection].read()
        return bool(ready or free)


class BootTest(unittest.TestCase):
    """A test case that boots the image of its rule."""

    def boot(self, **settings):
        """A Machine; the settings are those of toolchain.cli.qemu.Machine and of Machine."""
        settings.setdefault("firmware", os.environ.get("LAMINA_FIRMWARE", "direct"))
        return Machine(image_under_test(), **settings)

    def run_script(self, script, **settings):
        """Boots, runs the shell script; returns (its output, the End, the log)."""
        with self.boot(script=True, **settings) as machine:
            machine.send(script + "\n\x04")
            end = machine.wait_end()
            return machine.console.text, end, machine.log.text


def is_long():
    """True if the tests shall run in full size."""
    return os.environ.get("LAMINA_LONG") == "1"


def main():
    """Runs the test cases of the main module; Bazel's test filter is a name or a part of it."""
    argv = [sys.argv[0]]
    if os.environ.get("TESTBRIDGE_TEST_ONLY"):
        argv += ["-k", os.environ["TESTBRIDGE_TEST_ONLY"]]
    unittest.main(module="__main__", argv=argv, verbosity=2)
