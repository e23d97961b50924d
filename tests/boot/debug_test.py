# tests/boot/debug_test.py - gdb sees the kernel and an app by their symbols
import os
import pathlib
import subprocess
import tempfile

from tests.boot import harness

COMMANDS = """\
set confirm off
set pagination off
set debuginfod enabled off
file {kernel}
add-symbol-file {app}
target remote {stub}
hbreak exo_main
continue
backtrace 1
hbreak lamina_main
continue
backtrace 1
kill
"""


class DebugTest(harness.BootTest):
    def test_symbols(self):
        """From the first instruction gdb reaches a function of the kernel, then one of an app,
        and shows both with their source files."""
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            stub = pathlib.Path(folder, "gdb")
            commands = pathlib.Path(folder, "commands")
            commands.write_text(COMMANDS.format(
                kernel=os.environ["LAMINA_KERNEL_SYMBOLS"], app=os.environ["LAMINA_APP_SYMBOLS"],
                stub=stub), encoding="utf-8")
            extra = ("-S", "-gdb", f"unix:path={stub},server=on,wait=off")
            with self.boot(extra=extra):
                said = subprocess.run(["/usr/bin/gdb", "-q", "-batch", "-x", str(commands)],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True, timeout=harness.LIMIT_S,
                                      check=False).stdout
        self.assertRegex(said, r"#0 .*exo_main .* at exokernel/boot/")
        self.assertRegex(said, r"#0 .*lamina_main ")


if __name__ == "__main__":
    harness.main()
