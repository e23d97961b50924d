# tests/boot/debug_test.py - gdb sees the kernel and an app by their symbols
import os
import pathlib
import subprocess
import tempfile

from tests.boot import harness

START = """\
set confirm off
set pagination off
set debuginfod enabled off
file {kernel}
add-symbol-file {app}
target remote {stub}
"""


class DebugTest(harness.BootTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.stub = f"unix:path={self.folder}/gdb,server=on,wait=off"

    def gdb(self, commands):
        """A running gdb that executes the commands."""
        script = self.folder / "commands"
        script.write_text(START.format(kernel=os.environ["LAMINA_KERNEL_SYMBOLS"],
                                       app=os.environ["LAMINA_APP_SYMBOLS"],
                                       stub=self.folder / "gdb") + commands, encoding="utf-8")
        child = subprocess.Popen(["timeout", str(harness.LIMIT_S), "/usr/bin/gdb", "-q", "-batch",
                                  "-x", str(script)], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def test_kernel(self):
        """From the first instruction gdb reaches the kernel's entry and shows its source line."""
        with self.boot(extra=("-S", "-gdb", self.stub)):
            said = self.gdb("hbreak exo_main\ncontinue\nbacktrace 1\nkill\n").stdout.read()
        self.assertRegex(said, r"#0 .*exo_main .* at .*exokernel/boot/main\.cpp:[0-9]+")

    def test_app(self):
        """A breakpoint in the shell stops there when the command is entered."""
        with self.boot(extra=("-gdb", self.stub)) as machine:
            machine.prompt()
            gdb = self.gdb("hbreak shell::command_uptime\necho ready\\n\ncontinue\nbacktrace 2\n"
                           "kill\n")
            for line in gdb.stdout:
                if line == "ready\n":
                    break
            machine.send("uptime\r")
            said = gdb.stdout.read()
        self.assertRegex(said, r"#0 .*shell::command_uptime")
        self.assertRegex(said, r"#1 .*shell::.* at .*apps/shell/")


if __name__ == "__main__":
    harness.main()
