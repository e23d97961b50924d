# tests/ring0/interrupt_test.py - NMIs and machine checks at any moment, the shipped kernel's code
import os
import pathlib
import re
import subprocess
import tempfile

from tests.boot import harness
from tests.ring0 import gdb_remote

# Between these symbols lie the ways in and out (arch/x86_64/entry.S); the stubs between the two
# ranges are two instructions each.
WAYS = (("exo_syscall_entry", "exo_vector_stubs"), ("trap_entry", "kernel_trap"))
# What no program that goes on can reach, up to the next label.
DEAD_ENDS = ("foreign_while_disabled", "no_upcall")
USER_RIP = "0x4[0-9a-f]{5}"


def symbols():
    """{name: address} of the kernel."""
    listing = subprocess.run(["/usr/bin/llvm-nm-19", "--demangle", os.environ["LAMINA_SYMBOLS"]],
                             check=True, capture_output=True, text=True).stdout
    return {name: int(address, 16)
            for address, name in re.findall(r"^([0-9a-f]+) \w (.+)$", listing, re.MULTILINE)}


def ways_in_and_out():
    """The addresses of all instructions on the ways into and out of the kernel."""
    known = symbols()
    found = []
    for first, end in WAYS:
        listing = subprocess.run(
            ["/usr/bin/llvm-objdump-19", "-d", "--no-show-raw-insn",
             f"--start-address={known[first]}", f"--stop-address={known[end]}",
             os.environ["LAMINA_SYMBOLS"]], check=True, capture_output=True, text=True).stdout
        label = first
        for line in listing.splitlines():
            name = re.match(r"[0-9a-f]+ <(.+)>:", line)
            label = name[1] if name else label
            instruction = re.match(r"\s*([0-9a-f]{16}):\s+(\w+)", line)
            if instruction and label not in DEAD_ENDS and not instruction[2].startswith("nop"):
                found.append(int(instruction[1], 16))
    return found


class InterruptTest(harness.BootTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir="/tmp")
        self.addCleanup(folder.cleanup)
        self.stub = pathlib.Path(folder.name) / "gdb"

    def boot_with_stub(self, **settings):
        extra = ("-gdb", f"unix:{self.stub},server=on,wait=off", *settings.pop("extra", ()))
        return self.boot(extra=extra, **settings)

    def debugger(self, machine):
        """Stops the machine and connects. A machine that runs when gdb comes would stop late."""
        machine.qmp.call("stop")
        gdb = gdb_remote.GdbRemote(self.stub)
        self.addCleanup(gdb.close)
        return gdb

    def inject_nmis(self, machine, rip):
        """Injects NMIs until three came at a matching address: the machine may do something else
        at first, and be in another interrupt. Each must be counted; those three are one deep."""
        matched = 0
        for count in range(1, 200):
            machine.qmp.call("inject-nmi")
            found = machine.expect_log(
                rf"^trap: non-maskable interrupt {count}, depth ([12]), rip (0x[0-9a-f]+)\r?$")
            matched += found[1] == "1" and bool(re.fullmatch(rip, found[2]))
            if matched == 3:
                return
        self.fail(f"no three of 200 NMIs came at {rip}")

    def test_nmi_while_idle(self):
        """An NMI while the CPU idles is counted and the shell goes on."""
        with self.boot() as machine:
            machine.prompt()
            self.inject_nmis(machine, "0xffffffff8[0-9a-f]+")
            self.assertEqual(machine.command("echo still here"), "still here")

    def test_nmi_in_user_mode(self):
        """An NMI while a program runs is counted and the program goes on."""
        with self.boot() as machine:
            machine.prompt()
            machine.command("run crash_demo loop &")
            self.inject_nmis(machine, USER_RIP)
            self.assertIn("crash_demo", machine.command("ps"))

    def test_nmi_on_the_ways_in_and_out(self):
        """An NMI before any instruction of the kernel's entry and exit code, whichever GS and stack
        are in force there, is survived: a program that enters in every way sees no difference."""
        left = set(ways_in_and_out())
        total = len(left)
        self.assertGreater(total, 150)
        with self.boot_with_stub() as machine:
            machine.prompt()
            machine.command("run traffic &")
            gdb = self.debugger(machine)
            for address in left:
                gdb.insert(address)
            for count in range(1, total + 1):
                try:
                    address = gdb.run()
                except TimeoutError:
                    self.fail(f"the program never comes to {[hex(one) for one in sorted(left)]}")
                if count > 1:  # the machine waits for the reader of its log
                    machine.expect_log(rf"^trap: non-maskable interrupt {count - 1}, ")
                left.remove(address)
                gdb.remove(address)
                machine.qmp.call("inject-nmi")
            gdb.let_go()
            machine.expect_log(rf"^trap: non-maskable interrupt {total}, depth 1, .*\n")
            rips = re.findall(r"^trap: non-maskable interrupt \d+, depth 1, rip (0x[0-9a-f]+)",
                              machine.log.text, re.MULTILINE)
            self.assertEqual({int(rip, 16) for rip in rips}, set(ways_in_and_out()))
            self.assertIn("traffic", machine.command("ps"))
            self.assertIn("traffic runs", machine.console.text)
            self.assertNotIn("wrong", machine.console.text)

    def test_nested(self):
        """An NMI inside an interrupt of the idle kernel is counted two deep."""
        with self.boot_with_stub() as machine:
            machine.prompt()
            gdb = self.debugger(machine)
            known = symbols()
            for step, function in enumerate(("exo_trap_from_kernel",
                                             "exo::arch::end_of_interrupt()")):
                place = known[function]
                gdb.insert(place)
                gdb.let_go()
                if step == 0:
                    # The first byte may find the shell still at its prompt, not the CPU idle.
                    machine.send("echo x")
                    while not gdb.stops_within(1):
                        machine.send(" ")
                self.assertEqual(gdb.wait_stop(), place)
                gdb.remove(place)
            machine.qmp.call("inject-nmi")
            gdb.let_go()
            machine.expect_log(rf"^trap: non-maskable interrupt 1, depth 2, rip {place:#x}\r?$")
            machine.send("\r")
            self.assertRegex(machine.prompt(), r"echo x *\nx\Z")

    def test_smap_in_an_nmi(self):
        """The handler of an NMI runs with SMAP in force, although it was suspended before."""
        with self.boot_with_stub(words=("attack=nmi_with_smap_suspended",),
                                 extra=("-S",)) as machine:
            gdb = self.debugger(machine)
            handler = symbols()["exo_trap_on_own_stack"]
            gdb.insert(handler)
            gdb.run()
            gdb.remove(handler)
            alignment_check = 1 << 18
            self.assertEqual(gdb.registers()[gdb_remote.EFLAGS] & alignment_check, 0)
            gdb.let_go()
            self.assertEqual(machine.wait_end().status, 0)

    def machine_check(self, machine):
        """Raises an uncorrected error in the first bank (Intel SDM vol. 3B, 15.3.2)."""
        machine.qmp.call("human-monitor-command",
                         **{"command-line": "mce 0 1 0xb200000000000000 5 0 0"})

    def test_machine_check(self):
        """A machine check ends in a panic that names it."""
        with self.boot() as machine:
            machine.prompt()
            machine.command("run crash_demo loop &")
            self.machine_check(machine)
            machine.expect_log("^panic: machine check in the kernel, error code 0x0, rip 0x")
            self.assertIsNone(machine.wait_end().status)

    def test_machine_check_on_entry(self):
        """A machine check while stack and GS are still the user's finds a stack of its own."""
        with self.boot_with_stub() as machine:
            machine.prompt()
            gdb = self.debugger(machine)
            entry = symbols()["exo_syscall_entry"]
            gdb.insert(entry)
            gdb.let_go()
            machine.send("\r")
            self.assertTrue(gdb.wait_stop())
            gdb.remove(entry)
            self.machine_check(machine)
            gdb.let_go()
            machine.expect_log(
                rf"^panic: machine check in the kernel, error code 0x0, rip {entry:#x}")
            self.assertIsNone(machine.wait_end().status)


if __name__ == "__main__":
    harness.main()
