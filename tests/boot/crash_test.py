# tests/boot/crash_test.py - an app that goes wrong hurts nobody else and is reported by name
from tests.boot import harness

PLACE = r"rip 0x[0-9a-f]+ \({}\+0x[0-9a-f]+\)"


class CrashTest(harness.BootTest):
    def crash(self, how, pattern):
        """crash_demo HOW gives one line that matches, a bad status, and hello runs afterwards."""
        out, end, log = self.run_script(f"run crash_demo {how}\necho $?\nrun hello")
        self.assertEqual(end.status, 0)
        self.assertRegex(out, rf"\Aenv [0-9]+ crash_demo: {pattern}\n"
                         r"(?!0\n)[0-9]+\nhello from env [0-9]+\n\Z")
        self.assertRegex(log, r"env: [0-9]+ crash_demo: ")

    def test_null(self):
        """A write through a null pointer is a page fault at 0."""
        self.crash("null", "page fault write at 0x0, " + PLACE.format("crash_null"))

    def test_div(self):
        """A division by zero."""
        self.crash("div", "divide error, " + PLACE.format("crash_div"))

    def test_opcode(self):
        """An invalid opcode."""
        self.crash("opcode", "invalid opcode, " + PLACE.format("crash_opcode"))

    def test_stack(self):
        """An endless recursion hits the guard below the stack and is called by its name."""
        self.crash("stack", r"page fault write at 0x[0-9a-f]+ \(stack overflow\), "
                   + PLACE.format("crash_stack"))

    def test_loop(self):
        """Endless loops in the background: an app runs beside them; each is killed by its id, and
        an id is not valid twice."""
        out, end, _ = self.run_script("\n".join([
            "run crash_demo loop &", "run crash_demo loop &", "run hello", "kill $!", "kill $!",
            "ps"]))
        self.assertEqual(end.status, 0)
        self.assertRegex(out, "hello from env [0-9]+\n")
        self.assertEqual(out.count("crash_demo: killed"), 1)
        self.assertEqual(out.count(" crash_demo\n"), 3)  # two were started, one is left
        self.assertIn("none that this shell has started", out)

    def test_end_of_the_shell_ends_its_apps(self):
        """The machine goes off at the end of the script although an app loops for ever."""
        self.assertEqual(self.run_script("run crash_demo loop &\necho x")[1].status, 0)


if __name__ == "__main__":
    harness.main()
