# tests/boot/power_test.py - power-off, reboot, panic, and interrupts nobody can mask
import pathlib
import tempfile

from tests.boot import harness
from toolchain.cli import kernel_log, qemu


class PowerTest(harness.BootTest):
    def test_power_off(self):
        """poweroff turns the machine off by ACPI, and its number is the exit status."""
        for firmware in ("direct", "bios", "uefi"):
            with self.boot(firmware=firmware) as machine:
                machine.prompt()
                machine.send("poweroff 5\r")
                self.assertEqual(machine.wait_end(), kernel_log.End(status=5))

    def test_reboot(self):
        """reboot resets the machine: it boots again."""
        with self.boot() as machine:
            machine.qmp.call("set-action", reboot="reset")
            machine.prompt()
            machine.send("reboot\r")
            machine.expect_log("power: reboot")
            machine.expect_log("first user instruction")
            machine.prompt()
            self.assertEqual(machine.command("echo again"), "again")

    def test_system_reset(self):
        """After a reset from outside, in the middle of an app, the machine boots again."""
        with self.boot() as machine:
            machine.qmp.call("set-action", reboot="reset")
            machine.prompt()
            machine.send("run crash_demo loop\r")
            machine.expect("loop[^\n]*\n")
            machine.qmp.call("system_reset")
            machine.prompt()
            self.assertEqual(machine.command("echo again"), "again")

    def test_nmi(self):
        """A non-maskable interrupt is counted in the log and the machine goes on, be it idle or in
        an app."""
        with self.boot() as machine:
            machine.prompt()
            machine.qmp.call("inject-nmi")
            machine.expect_log("non-maskable interrupt")
            machine.command("run crash_demo loop &")
            machine.qmp.call("inject-nmi")
            machine.expect_log("non-maskable interrupt")
            self.assertRegex(machine.command("run hello"), "hello from env")

    def test_panic(self):
        """A kernel that cannot go on says why in its log, and with panic=exit ends the machine."""
        good = harness.image_under_test()
        with tempfile.TemporaryDirectory() as folder:
            bad = pathlib.Path(folder, "archive")
            for content in (b"", b"no archive", pathlib.Path(good.archive).read_bytes()[:5000]):
                bad.write_bytes(content)
                image = qemu.Image(kernel=good.kernel, archive=str(bad), iso=good.iso)
                with harness.Machine(image) as machine:
                    machine.expect_log(r"panic: \w")
                    self.assertEqual(machine.wait_end(), kernel_log.End())

    def test_panic_stops_the_machine(self):
        """Without panic=exit a kernel that panics stops and stays, for who looks at the screen."""
        good = harness.image_under_test()
        with tempfile.NamedTemporaryFile() as bad:
            bad.write(b"no archive")
            bad.flush()
            image = qemu.Image(kernel=good.kernel, archive=bad.name, iso=good.iso)
            with harness.Machine(image, panic_exit=False) as machine:
                machine.expect_log(r"panic: \w[^\n]*\n")
                self.assertEqual(machine.qmp.call("query-status")["status"], "running")
                self.assertIsNone(machine.process.poll())


if __name__ == "__main__":
    harness.main()
