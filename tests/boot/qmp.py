# tests/boot/qmp.py - a client of QEMU's machine protocol
import json


class Qmp:
    """Speaks over a connected socket, blocking; QEMU answers at once."""

    def __init__(self, connection):
        connection.settimeout(60)
        self._file = connection.makefile("rw", encoding="utf-8", newline="\n")
        self._read()  # the greeting
        self.call("qmp_capabilities")

    def call(self, command, **arguments):
        """Executes a command; returns what it returns. Raises RuntimeError if QEMU refuses."""
        request = {"execute": command, "arguments": arguments}
        self._file.write(json.dumps(request) + "\n")
        self._file.flush()
        while True:
            answer = self._read()
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")

    def _read(self):
        line = self._file.readline()
        if not line:
            raise RuntimeError("QEMU closed its machine protocol")
        return json.loads(line)
