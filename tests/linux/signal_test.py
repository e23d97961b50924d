# tests/linux/signal_test.py - signal handlers find and leave in the guest what they do on the host
from tests.boot import harness
from tests.linux.hosts import on_host

PROBES = ("linked_signal_probe", "foreign_signal_probe")


class SignalTest(harness.BootTest):
    def test_handlers(self):
        """Reasons, addresses, masks, nesting, stacks, registers and flags: as on the host."""
        for probe in PROBES:
            with self.subTest(probe):
                out, _, status = on_host(probe)
                self.assertGreater(out.count("\n"), 50)
                guest, end, _ = self.run_script(f"run {probe}")
                self.assertEqual(guest.splitlines(), out.splitlines())
                self.assertEqual(end.status, status)

    def test_beside_another(self):
        """The same while another environment takes every second slice."""
        for probe in PROBES:
            with self.subTest(probe):
                guest, _, _ = self.run_script(f"run crash_demo loop &\nrun {probe}")
                self.assertIn(on_host(probe)[0], guest)

    def test_ends_by_a_signal(self):
        """Without a handler, a stack or a sound frame the program ends as on the host."""
        for how, number in (("default", 12), ("abort", 6), ("no stack", 11), ("no frame", 11),
                            ("bad state", 11)):
            for probe in PROBES:
                with self.subTest(probe=probe, how=how):
                    out, _, status = on_host(probe, how)
                    guest, end, _ = self.run_script(f'run {probe} "{how}"')
                    self.assertEqual(end.status, status)
                    self.assertEqual(
                        guest, f"{out}libos: {probe}: ended by signal {number}\n")

    def test_ends_by_an_exception(self):
        """An exception whose signal is blocked, ignored or handled already ends the program, with
        the kernel's report."""
        for how in ("blocked", "ignored", "twice"):
            for probe in PROBES:
                with self.subTest(probe=probe, how=how):
                    _, _, status = on_host(probe, how)
                    guest, end, _ = self.run_script(f"run {probe} {how}")
                    self.assertEqual(end.status, status)
                    self.assertRegex(guest, rf"\Aenv [0-9]+ {probe}: page fault write at 0x18")


if __name__ == "__main__":
    harness.main()
