# tests/smp/range_sweep_test.py - an interrupt before each instruction of the resume range, on each
# CPU, while other vCPUs of the same environment are in it on the same CPU and on the others
import os
import pathlib
import re
import subprocess
import tempfile

from tests.boot import harness
from tests.ring0 import gdb_remote

CPUS = 4 if harness.is_long() else 2
RSP = 7  # its number among gdb's registers
# Of the trap frame (exokernel/arch/x86_64/entry.S): the vector, an error code, rip.
FRAME_VECTOR, FRAME_RIP = 0, 16
FIRST_INTERRUPT = 32
# From a label up to another one.
RANGES = (("libos_upcall_run", "libos_upcall_reclaim"), ("libos_resume", "libos_resume_end"))


def symbols(path):
    """{name: address} of a program."""
    listing = subprocess.run(["/usr/bin/llvm-nm-19", "--demangle", path], check=True,
                             capture_output=True, text=True).stdout
    return {name: int(address, 16)
            for address, name in re.findall(r"^([0-9a-f]+) \w (.+)$", listing, re.MULTILINE)}


def instructions(path, known):
    """The addresses of all instructions in RANGES."""
    found = []
    for first, end in RANGES:
        listing = subprocess.run(
            ["/usr/bin/llvm-objdump-19", "-d", "--no-show-raw-insn",
             f"--start-address={known[first]}", f"--stop-address={known[end]}", path],
            check=True, capture_output=True, text=True).stdout
        found += [int(address, 16)
                  for address in re.findall(r"(?m)^\s*([0-9a-f]+):\s+\w", listing)]
    return found


class Machine:
    """The stopped machine: which CPUs go on is decided for each run."""

    def __init__(self, gdb, qmp, cpus):
        self.gdb = gdb
        self.qmp = qmp
        self.cpus = frozenset(range(cpus))

    def interrupt_waits(self, cpu):
        """Whether the CPU will take an interrupt as soon as it goes on."""
        told = self.qmp.call("human-monitor-command", **{"command-line": f"info lapic {cpu}"})
        return not re.search(r"^IRR\s+\(none\)", told, re.MULTILINE)

    def run_until(self, place, without=()):
        """Lets CPUs go on until one comes to an address; returns that CPU."""
        self.gdb.insert(place)
        self.gdb.let_go(self.cpus - set(without))
        came = self.gdb.wait_stop()
        self.gdb.remove(place)
        if came != place:
            raise AssertionError(f"stopped at {came:#x}, not at {place:#x}")
        return self.gdb.stopped_cpu

    def run_cpu_until(self, cpu, place):
        """The same for a certain CPU; others that come there wait for it."""
        there = set()
        while cpu not in there:
            there.add(self.run_until(place, there))


class RangeSweepTest(harness.BootTest):
    def interrupt_at(self, machine, place, cpu, known, kernel):
        """Holds a CPU before an instruction until its timer has fired, and sees that the interrupt
        comes there."""
        machine.run_cpu_until(cpu, place)
        while not machine.interrupt_waits(cpu):
            machine.run_until(known["sweeper_tick"], {cpu})
            machine.run_until(known["sweeper_tick_on"], {cpu})
        machine.run_cpu_until(cpu, kernel["trap_entry"])
        frame = machine.gdb.registers()[RSP]
        self.assertGreaterEqual(machine.gdb.word(frame + FRAME_VECTOR), FIRST_INTERRUPT)
        self.assertEqual(machine.gdb.word(frame + FRAME_RIP), place)

    def test_an_interrupt_at_every_instruction(self):
        """No vCPU loses a register when an interrupt comes before any instruction of the resume
        range or of the entries that lead to it, whoever of its environment is there too."""
        program = os.environ["LAMINA_SWEEPER"]
        known = symbols(program)
        kernel = symbols(os.environ["LAMINA_SYMBOLS"])
        places = instructions(program, known)
        self.assertGreater(len(places), 35)
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            stub = pathlib.Path(folder) / "gdb"
            extra = ("-gdb", f"unix:{stub},server=on,wait=off")
            with self.boot(cpus=CPUS, extra=extra) as machine:
                machine.prompt()
                machine.send("run range_sweeper &\r")
                machine.expect_beside_prompt("sweeper runs")
                machine.qmp.call("stop")
                gdb = gdb_remote.GdbRemote(stub)
                self.addCleanup(gdb.close)
                stopped = Machine(gdb, machine.qmp, CPUS)
                for place in places:
                    for cpu in range(CPUS):
                        self.interrupt_at(stopped, place, cpu, known, kernel)
                # It looks at what the others have found at each tick.
                for _ in range(3):
                    stopped.run_until(known["sweeper_tick"])
                    stopped.run_until(known["sweeper_tick_on"])
                gdb.let_go()
                self.assertIn("range_sweeper", machine.command("ps"))
                self.assertNotIn("wrong", machine.console.text)


if __name__ == "__main__":
    harness.main()
