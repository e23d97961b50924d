# tests/ring0/gdb_remote.py - a client of QEMU's gdb stub: breakpoints and registers
import re
import select
import socket

RIP, EFLAGS = 16, 17  # numbers of gdb's x86-64 registers; 0-15 are the general ones


class GdbRemote:
    """For a machine that is stopped; run() lets it go on until the next breakpoint."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(str(path))
        self._data = b""
        self.stopped_cpu = None  # the one that came to the last breakpoint
        self.ask("?")

    def close(self):
        self._socket.close()

    def ask(self, packet):
        """Sends a packet; returns the answer."""
        self._send(packet)
        return self._receive()

    def insert(self, address):
        """Puts a breakpoint at an address."""
        self._expect_ok(f"Z1,{address:x},1")

    def remove(self, address):
        self._expect_ok(f"z1,{address:x},1")

    def run(self):
        """Lets the machine run; returns the address it stops at."""
        self.let_go()
        return self.wait_stop()

    def let_go(self, cpus=None):
        """Lets the machine run without waiting for a stop: all of its CPUs or some."""
        threads = [""] if cpus is None else [f":{cpu + 1:x}" for cpu in sorted(cpus)]
        self._send("vCont" + "".join(f";c{thread}" for thread in threads))

    def stops_within(self, seconds):
        """Whether a stop is told within a time; wait_stop() then takes it. What comes may be the
        receipt of the packet before: only a packet of the stub's own is a stop."""
        while b"$" not in self._data:
            if not select.select([self._socket], [], [], seconds)[0]:
                return False
            self._data += self._socket.recv(65536)
        return True

    def wait_stop(self):
        """Waits for a breakpoint; returns its address."""
        answer = self._receive()
        if not answer.startswith("T05"):
            raise RuntimeError(f"the machine did not stop at a breakpoint: {answer}")
        self.stopped_cpu = int(re.search(r"thread:([0-9a-f]+)", answer)[1], 16) - 1
        return self.registers()[RIP]

    def registers(self):
        """The general registers, rip and eflags."""
        data = bytes.fromhex(self.ask("g"))
        values = [int.from_bytes(data[at:at + 8], "little") for at in range(0, 17 * 8, 8)]
        return [*values, int.from_bytes(data[17 * 8:17 * 8 + 4], "little")]

    def word(self, address):
        """Eight bytes of memory, as the CPU that stopped sees it."""
        return int.from_bytes(bytes.fromhex(self.ask(f"m{address:x},8")), "little")

    def _expect_ok(self, packet):
        answer = self.ask(packet)
        if answer != "OK":
            raise RuntimeError(f"{packet}: {answer}")

    def _send(self, packet):
        data = packet.encode()
        self._socket.sendall(b"$%s#%02x" % (data, sum(data) % 256))

    def _receive(self):
        while True:
            start = self._data.find(b"$")
            end = self._data.find(b"#", start)
            if start >= 0 and end >= 0 and len(self._data) >= end + 3:
                packet, self._data = self._data[start + 1:end], self._data[end + 3:]
                self._socket.sendall(b"+")
                return packet.decode()
            more = self._socket.recv(65536)
            if not more:
                raise RuntimeError("QEMU closed its gdb stub")
            self._data += more
