# tests/linux/probe_test.py - system calls come back in the guest as they do on the host
from tests.boot import harness
from tests.linux.hosts import on_host

# What the libOS gives every program.
ENVIRONMENT = {"HOME": "/", "LANG": "C", "PATH": "/bin", "PWD": "/", "USER": "root"}

PROBES = ("linked_probe", "foreign_probe", "malloc_probe")


class ProbeTest(harness.BootTest):
    def test_calls(self):
        """Every result and error, registers, red zone, memory contents: as on the host."""
        for probe in PROBES:
            with self.subTest(probe):
                out, _, status = on_host(probe, environment=ENVIRONMENT)
                self.assertGreater(out.count("\n"), 120)
                guest, end, _ = self.run_script(f"run {probe}")
                self.assertEqual(guest.splitlines(), out.splitlines())
                self.assertEqual(end.status, status)

    def test_beside_another(self):
        """The same while another environment takes every second slice."""
        for probe in PROBES:
            with self.subTest(probe):
                guest, _, _ = self.run_script(f"run crash_demo loop &\nrun {probe}")
                self.assertIn(on_host(probe, environment=ENVIRONMENT)[0], guest)

    def test_ends(self):
        """An exit status has eight bits; a signal gives 128 and its number, and is told."""
        for how, told in (("status", ""), ("abort", "ended by signal 6\n"),
                          ("throw", "ended by signal 6\n"), ("term", "ended by signal 15\n")):
            for probe in PROBES:
                with self.subTest(probe=probe, how=how):
                    out, error, status = on_host(probe, how)
                    guest, end, _ = self.run_script(f"run {probe} {how}")
                    told_by = f"libos: {probe}: {told}" if told else ""
                    self.assertEqual((guest, end.status), (out + error + told_by, status))

    def test_date(self):
        """The time of day is that of the machine's clock."""
        clock = ("-rtc", "base=2024-02-29T12:34:00,clock=vm")
        for probe in PROBES:
            with self.subTest(probe):
                guest, end, _ = self.run_script(f"run {probe} date", extra=clock)
                self.assertRegex(guest, r"\A2024-02-29 12:3[4-9]\n\Z")
                self.assertEqual(end.status, 0)

    def test_faults(self):
        """A fault ends the program with the kernel's report and its function's name; one just
        below the stack is told as an overflow."""
        for probe in PROBES:
            with self.subTest(probe):
                guest, end, _ = self.run_script(f"run {probe} fault")
                self.assertRegex(guest, rf"\Aenv [0-9]+ {probe}: page fault write at 0x18, rip "
                                        r"0x[0-9a-f]+ \([^)]+\+0x[0-9a-f]+\)\n\Z")
                self.assertEqual(end.status, 139)
                guest, end, _ = self.run_script(f"run {probe} overflow")
                self.assertRegex(guest, rf"\Aenv [0-9]+ {probe}: page fault write at "
                                        r"0x5fff[0-9a-f]+ \(stack overflow\), rip")
                self.assertEqual(end.status, 139)


if __name__ == "__main__":
    harness.main()
