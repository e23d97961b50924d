# tests/cli/kernel_log_test.py - what the tool reads from the kernel's log
import unittest

from toolchain.cli.kernel_log import End, end_of, first_instruction_cycles, tail


class EndTest(unittest.TestCase):
    def test_power_off_has_a_status(self):
        """`power: off, status N` is the guest's exit status."""
        self.assertEqual(end_of("a\npower: off, status 7\n"), End(status=7))

    def test_time_stamp_before_the_line(self):
        """What stands before `power:` on the line does not matter."""
        self.assertEqual(end_of("[   0.1] power: off, status 0\n"), End(status=0))

    def test_last_one_counts(self):
        """Of several lines the last one counts."""
        self.assertEqual(end_of("power: off, status 1\npower: reboot\n"), End(rebooted=True))

    def test_none_is_a_death(self):
        """Without such a line the guest died; a mention inside a line is none."""
        self.assertEqual(end_of("panic: x\n"), End())
        self.assertEqual(end_of("hello: no power: off, status 1 here\n"), End())


class TailTest(unittest.TestCase):
    def test_last_lines(self):
        """The tail is the last lines."""
        log = "\n".join(str(number) for number in range(50))
        self.assertEqual(tail(log, 2), "  | 48\n  | 49")

    def test_panic_is_never_cut_off(self):
        """If there was a panic the tail starts there at the latest."""
        log = "\n".join(["boot", "panic: bad", *["frame"] * 40])
        self.assertTrue(tail(log, 5).startswith("  | panic: bad\n"))

    def test_cycles(self):
        """The boot line gives the count of cycles."""
        line = "boot: first user instruction after 123456 cycles\n"
        self.assertEqual(first_instruction_cycles("x\n" + line), 123456)
        self.assertIsNone(first_instruction_cycles("x\n"))


if __name__ == "__main__":
    unittest.main()
