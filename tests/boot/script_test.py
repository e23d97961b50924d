# tests/boot/script_test.py - the shell with a script on the console, as `shell -c` gives it
from tests.boot import harness


class ScriptTest(harness.BootTest):
    def test_only_output(self):
        """A script's output has no prompt, no echo, no colours, no carriage returns."""
        out, end, _ = self.run_script("echo a\necho b c")
        self.assertEqual((out, end.status), ("a\nb c\n", 0))

    def test_the_bar_line(self):
        """version; hello; crash; hello: exit status 0, each app's output, the crash in one line
        with the name of the function."""
        out, end, _ = self.run_script("version\nrun hello\nrun crash_demo null\nrun hello")
        self.assertEqual(end.status, 0)
        self.assertRegex(out, r"\ALamina [0-9]+\.[0-9]+\.[0-9]+")
        self.assertRegex(out, r"hello from env [0-9]+\nenv [0-9]+ crash_demo: page fault write at "
                         r"0x0, rip 0x[0-9a-f]+ \(crash_null\+0x[0-9a-f]+\)\n"
                         r"hello from env [0-9]+\n\Z")

    def test_last_status(self):
        """The end of the script ends the machine with the status of the last command."""
        self.assertEqual(self.run_script("run crash_demo")[1].status, 2)
        self.assertEqual(self.run_script("run crash_demo\necho")[1].status, 0)

    def test_empty_script(self):
        """An empty script powers off with 0 and prints nothing."""
        out, end, _ = self.run_script("")
        self.assertEqual((out, end.status), ("", 0))

    def test_log(self):
        """The log tells build, command line, memory, processors, the first user instruction and
        how the machine went off; none of it is on the console."""
        out, _, log = self.run_script("echo x", words=("an=extra",))
        self.assertEqual(out, "x\n")
        for line in (r"Lamina [0-9.]+, commit \w+, branch", r"an=extra", "page frames [0-9]+",
                     "processors 1", r"first user instruction after [0-9]+ cycles",
                     r"power: off, status 0"):
            self.assertRegex(log, line)

    def test_words_reach_the_kernel_from_the_iso(self):
        """The words come through SMBIOS and GRUB as they do through a direct boot."""
        for firmware in ("bios", "uefi"):
            out, end, log = self.run_script("echo x", firmware=firmware, words=("an=extra,1",))
            self.assertEqual((out, end.status), ("x\n", 0))
            self.assertIn("an=extra,1", log)

    def test_small_memory(self):
        """16 MiB are enough for the shell and an app."""
        out, end, _ = self.run_script("run hello", memory_mib=16)
        self.assertEqual(end.status, 0)
        self.assertRegex(out, r"\Ahello from env [0-9]+\n\Z")

    def test_processors(self):
        """The machine boots with 1, 2, 4 and 8 processors and finds them all."""
        for cpus in (1, 2, 4, 8):
            out, end, log = self.run_script("run hello", cpus=cpus)
            self.assertEqual(end.status, 0)
            self.assertRegex(out, r"\Ahello from env [0-9]+\n\Z")
            self.assertRegex(log, rf"processors {cpus}\b")

    def test_instructions_repeat(self):
        """In virtual time two boots take the same number of instructions, to the digit."""
        def boot():
            log = self.run_script("run hello", icount=True)[2]
            return [line for line in log.split("\n") if "cycles" in line]

        self.assertEqual(boot(), boot())


if __name__ == "__main__":
    harness.main()
