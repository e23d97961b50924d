# tests/ring0/attack_test.py - what the kernel itself must not do is stopped, each by its own line
import re

from tests.boot import harness

# Error-code bits of a page fault (Intel SDM vol. 3A, 4.7).
PRESENT, WRITE, FETCH = 0x1, 0x2, 0x10

# Intel SDM vol. 3A, table 6-1, without NMI and double fault, which have tests of their own.
EXCEPTIONS = {
    0: "divide error", 1: "debug exception", 3: "breakpoint", 4: "overflow",
    5: "bound range exceeded", 6: "invalid opcode", 7: "device not available",
    9: "coprocessor segment overrun", 10: "invalid task state segment", 11: "segment not present",
    12: "stack fault", 13: "general protection fault", 14: "page fault",
    15: "reserved exception 15", 16: "x87 floating-point error", 17: "alignment check",
    18: "machine check", 19: "SIMD floating-point error", 20: "virtualization exception",
    21: "control protection exception", 22: "reserved exception 22", 23: "reserved exception 23",
    24: "reserved exception 24", 25: "reserved exception 25", 26: "reserved exception 26",
    27: "reserved exception 27", 28: "hypervisor injection exception",
    29: "VMM communication exception", 30: "security exception", 31: "reserved exception 31",
}
WITH_ERROR_CODE = (10, 11, 12, 13, 14, 17, 21, 29, 30)


class AttackTest(harness.BootTest):
    def attack(self, *words):
        """The log of a machine that boots with the words, up to its end."""
        with self.boot(words=words) as machine:
            self.end = machine.wait_end()
            return machine.log.text.replace("\r", "")

    def panics(self, name, line, *words):
        """The attack ends in a panic whose first line matches."""
        log = self.attack(f"attack={name}", *words)
        self.assertIsNone(self.end.status)
        first = re.search("^panic: (.*)$", log, re.MULTILINE)
        self.assertRegex(first[1] if first else log, rf"\A{line}")
        return log

    def page_fault(self, name, error_code):
        """The attack is stopped by a page fault of this kind, at the address it went for."""
        log = self.panics(name, f"page fault in the kernel, error code {error_code:#x}, ")
        target = re.search("^ring0: target (0x[0-9a-f]+)$", log, re.MULTILINE)[1]
        self.assertRegex(log, f"\npanic: page fault .* cr2 {target}\n")
        return log, target

    def fetch_fault(self, name, error_code=PRESENT | FETCH):
        """The attack is stopped when it executes its target."""
        log, target = self.page_fault(name, error_code)
        self.assertRegex(log, f"\npanic: page fault .* rip {target}, ")

    def passes(self, name):
        """What is tried is allowed and does what it should."""
        log = self.attack(f"attack={name}")
        self.assertRegex(log, "\nring0: passed: ")
        self.assertEqual(self.end.status, 0)
        return log

    def test_lock_order(self):
        """The validator of lock order stops what can deadlock, before anybody waits."""
        for name, line in (("lock_reversed", "lock order: inversion, kernel"),
                           ("lock_taken_again", "lock order: reacquisition, inner"),
                           ("lock_given_back_unheld", "lock order: stranger_release, inner"),
                           ("lock_held_at_exit", "lock order: held_at_exit, ")):
            with self.subTest(name):
                log = self.panics(name, line, "locks=panic")
                self.assertIn("lock_attacks.cpp", log)

    def test_lock_order_warned(self):
        """With locks=warn the order is told, and the lock taken."""
        log = self.attack("attack=lock_reversed", "locks=warn")
        self.assertRegex(log, "\nlocks: locks taken in reverse order")
        self.assertRegex(log, "\nlocks: wanted kernel at exokernel/cpu/cpus.cpp:")
        self.assertRegex(log, "\nlocks: held inner since tests/ring0/lock_attacks.cpp:")
        self.assertEqual(self.end.status, 0)

    def test_write_text(self):
        """Kernel code cannot be written."""
        self.page_fault("write_text", PRESENT | WRITE)

    def test_write_rodata(self):
        """Kernel constants cannot be written."""
        self.page_fault("write_rodata", PRESENT | WRITE)

    def test_write_sealed(self):
        """What only boot writes cannot be written once user mode starts."""
        self.page_fault("write_sealed", PRESENT | WRITE)

    def test_write_tables(self):
        """Neither the interrupt nor the segment descriptors can be written."""
        self.page_fault("write_idt", PRESENT | WRITE)
        self.page_fault("write_gdt", PRESENT | WRITE)

    def test_write_canary(self):
        """The stack canary cannot be changed."""
        self.page_fault("write_canary", PRESENT | WRITE)

    def test_write_alias(self):
        """No part of the kernel image can be written through the direct map."""
        for part in ("text", "rodata", "sealed", "data"):
            with self.subTest(part):
                self.page_fault(f"write_{part}_alias", PRESENT | WRITE)

    def test_call_data(self):
        """Kernel data, constants, sealed data and the stack are not executable."""
        for part in ("data", "rodata", "sealed", "stack"):
            with self.subTest(part):
                self.fetch_fault(f"call_{part}")

    def test_call_direct_map(self):
        """Nothing is executable through the direct map: no frame, not even kernel code."""
        self.fetch_fault("call_frame")
        self.fetch_fault("call_text_alias")

    def test_user_call(self):
        """The kernel cannot execute a user page (SMEP)."""
        self.fetch_fault("user_call")

    def test_user_access(self):
        """The kernel cannot read or write a user page by its user address (SMAP)."""
        self.page_fault("user_read", PRESENT)
        self.page_fault("user_write", PRESENT | WRITE)

    def test_null(self):
        """The null page is not mapped."""
        self.page_fault("null_read", 0)
        self.fetch_fault("null_call", FETCH)

    def test_boot_mappings(self):
        """The identity mapping and the start code of boot are gone."""
        self.page_fault("low_read", 0)
        self.page_fault("start_code_read", 0)

    def test_guard_page(self):
        """The page below the kernel stack is not mapped."""
        self.page_fault("guard_write", WRITE)

    def test_canary(self):
        """A function that overruns a buffer on its stack does not return."""
        self.panics("smash_stack", "stack canary overwritten")

    def test_stack_overflow(self):
        """A kernel stack overflow is found, by a double fault on a stack of its own."""
        log = self.panics("stack_overflow", "kernel stack overflow")
        self.assertRegex(log, "\npanic: double fault in the kernel, error code 0x0, ")

    def test_causes(self):
        """An exception of the kernel is named, whatever caused it."""
        for name, line in {
                "divide": "divide error in the kernel, error code 0x0, ",
                "single_step": "debug exception in the kernel, ",
                "breakpoint": "breakpoint in the kernel, ",
                "invalid_opcode": "invalid opcode in the kernel, ",
                "disabled_fpu": "device not available in the kernel, ",
                "absent_segment": "segment not present in the kernel, error code 0x78, ",
                # A stack fault; QEMU's emulation raises the other.
                "bad_stack_address": "(stack|general protection) fault in the kernel, ",
                "bad_address": "general protection fault in the kernel, error code 0x0, ",
                "x87_error": "x87 floating-point error in the kernel, "}.items():
            with self.subTest(name):
                self.panics(name, line)

    def test_vectors(self):
        """Every exception, raised in the kernel, panics with its name, error code and registers."""
        self.assertEqual(len(EXCEPTIONS), 30)
        for vector, name in EXCEPTIONS.items():
            with self.subTest(name):
                log = self.attack(f"vector={vector}")
                error = "0x1234" if vector in WITH_ERROR_CODE else "0x0"
                self.assertRegex(log, f"\npanic: {name} in the kernel, error code {error}, rip ")
                self.assertRegex(log, "\npanic: rax 0x[0-9a-f]+ rbx .* rsp 0xffff[0-9a-f]+\n")

    def test_fault_with_user_gs(self):
        """An exception of the kernel while GS is the user's is reported as itself."""
        self.panics("fault_with_user_gs", "invalid opcode in the kernel, ")

    def test_nmi(self):
        """An NMI in the kernel is counted and changes nothing."""
        self.assertRegex(self.passes("nmi"),
                         "\ntrap: non-maskable interrupt 2, depth 1, rip 0xffff")

    def test_nmi_with_user_gs(self):
        """An NMI between entry and swapgs finds its CPU and gives GS back."""
        self.passes("nmi_with_user_gs")

    def test_device_interrupts(self):
        """Interrupts that come while the kernel waits are counted, and how deep they nest."""
        self.assertIn("unexpected interrupt, vector 200", self.passes("device_interrupts"))


if __name__ == "__main__":
    harness.main()
