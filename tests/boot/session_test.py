# tests/boot/session_test.py - the shell on the serial line, as a person uses it
import re

from tests.boot import harness


class SessionTest(harness.BootTest):
    @classmethod
    def setUpClass(cls):
        """One machine for all cases; each leaves it at the prompt."""
        cls.machine = cls().boot()
        cls.machine.__enter__()
        cls.addClassCleanup(cls.machine.__exit__)
        cls.greeting = cls.machine.prompt()

    def runTest(self):
        """unittest needs a name for the instance that setUpClass makes."""

    def test_greeting(self):
        """The shell says how to get help, and nothing of the firmware's output is before it."""
        self.assertIn("help", self.greeting)
        self.assertNotIn("GRUB", self.greeting)
        self.assertNotIn("BIOS", self.greeting)

    def test_version(self):
        """version shows version, commit, branch, cleanness, compiler and flags; as JSON too."""
        text = self.machine.command("version")
        self.assertRegex(text, r"\ALamina [0-9]+\.[0-9]+\.[0-9]+")
        for field in ("commit", "branch", "dirty", "compiler", "flags", "features"):
            self.assertRegex(text, rf"(?m)^{field} +\S")
        self.assertIn('"commit"', self.machine.command("version --json"))

    def test_help(self):
        """help lists every command; help COMMAND explains it."""
        text = self.machine.command("help")
        for command in "echo help kill memstats poweroff ps run uptime version".split():
            self.assertRegex(text, rf"(?m)^{command} +\w")
        self.assertIn("APP", self.machine.command("help run"))

    def test_echo(self):
        """echo writes its words; quotes join words and keep ;."""
        self.assertEqual(self.machine.command("echo  a   b"), "a b")
        self.assertEqual(self.machine.command("echo 'a  b' \"c;d\"; echo e"), "a  b c;d\ne")

    def test_status(self):
        """$? is the status of the last command."""
        self.assertEqual(self.machine.command("echo x; echo $?"), "x\n0")
        self.assertNotEqual(self.machine.command("run nosuch; echo $?").split("\n")[-1], "0")

    def test_unknown(self):
        """An unknown command or app is named, with what there is."""
        self.assertIn("nosuch", self.machine.command("nosuch"))
        self.assertRegex(self.machine.command("run nosuch"), "nosuch.*hello")

    def test_run(self):
        """run starts an app, passes its arguments, and waits for it."""
        self.assertRegex(self.machine.command("run hello"), r"\Ahello from env [0-9]+\Z")
        self.assertRegex(self.machine.command("run hello a b"), r"a b\Z")

    def test_ids_never_repeat(self):
        """Every environment gets a new id."""
        ids = [int(re.search("[0-9]+", self.machine.command("run hello"))[0]) for _ in range(3)]
        self.assertEqual(ids, sorted(set(ids)))

    def test_ps(self):
        """ps lists init and the shell, its child."""
        text = self.machine.command("ps")
        self.assertRegex(text, r"(?m)^ +1 +0 .* init$")
        self.assertRegex(text, r"(?m)^ +[0-9]+ +1 .* shell$")

    def test_memory_comes_back(self):
        """After an app has ended the machine has as many free frames as before."""
        def free():
            return int(re.search(r"(?m)^free +([0-9]+)", self.machine.command("memstats"))[1])

        self.machine.command("run hello")
        before = free()
        self.machine.command("run hello; run crash_demo null; run hello")
        self.assertEqual(free(), before)

    def test_uptime_grows(self):
        """uptime is the time since boot and grows."""
        def up():
            return float(re.search(r"([0-9]+\.[0-9]+) s", self.machine.command("uptime"))[1])

        first = up()
        self.assertTrue(any(up() > first for _ in range(1000)))

    def test_crash_between_hellos(self):
        """A crash is reported in one line with its place, and the next app runs."""
        text = self.machine.command("run hello; run crash_demo null; run hello")
        self.assertRegex(text, r"\Ahello from env [0-9]+\nenv [0-9]+ crash_demo: page fault write "
                         r"at 0x0, rip 0x[0-9a-f]+ \(crash_null\+0x[0-9a-f]+\)\n"
                         r"hello from env [0-9]+\Z")

    def test_background(self):
        """An endless loop in the background: hello runs beside it, and kill ends it."""
        self.machine.command("run crash_demo loop &")
        loop = self.machine.command("echo $!")
        self.assertRegex(self.machine.command("run hello"), r"\Ahello from env [0-9]+\Z")
        self.assertRegex(self.machine.command("ps"), rf"(?m)^ *{loop} .* crash_demo$")
        self.assertRegex(self.machine.command(f"kill {loop}"), f"env {loop} crash_demo: killed")
        self.assertNotIn("crash_demo", self.machine.command("ps"))

    def test_interrupt(self):
        """Ctrl-C ends the app in the foreground; the shell goes on."""
        self.machine.send("run crash_demo loop\r")
        self.machine.expect("loop[^\n]*\n")
        self.machine.send("\x03")
        self.machine.prompt()
        self.assertNotIn("crash_demo", self.machine.command("ps"))


if __name__ == "__main__":
    harness.main()
