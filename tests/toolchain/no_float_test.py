# tests/toolchain/no_float_test.py - the kernel has no floating-point or vector instruction
"""The kernel saves and restores extended state; it must not use it."""
import os
import re
import subprocess
import unittest

# Registers of x87, MMX, SSE, AVX and AVX-512; x87 mnemonics, which may name no register. Saving,
# restoring and resetting the state is what the kernel may do.
_REGISTERS = re.compile(r"%(st\b|mm[0-7]|[xyz]mm\d+|k[0-7]\b|tmm\d)")
_X87 = re.compile(r"^f[a-z0-9]+$")
_ALLOWED = re.compile(r"^(fninit|fxsave(64)?|fxrstor(64)?)$")
_INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\s+(\S+)(.*)$")


def floating(disassembly):
    """The lines of llvm-objdump's output that are floating-point instructions."""
    found = []
    for line in disassembly.split("\n"):
        instruction = _INSTRUCTION.match(line)
        if not instruction:
            continue
        mnemonic, operands = instruction.groups()
        if _REGISTERS.search(operands) or (_X87.match(mnemonic) and not _ALLOWED.match(mnemonic)):
            found.append(line.strip())
    return found


def disassemble(path):
    """The 64-bit code: all but section .boot, the 32-bit entry, which reads as nonsense here."""
    text = subprocess.run(["/usr/bin/llvm-objdump-19", "-d", "--no-show-raw-insn", path],
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    sections = re.split(r"^Disassembly of section ", text, flags=re.MULTILINE)[1:]
    return "".join(section for section in sections if not section.startswith(".boot:"))


class NoFloat(unittest.TestCase):
    def test_kernel(self):
        """No kernel, by either compiler, has a floating-point instruction."""
        for variable in ("KERNEL", "KERNEL_GCC"):
            text = disassemble(os.environ[variable])
            self.assertGreater(text.count("\n"), 5000, "lines of disassembly")
            self.assertEqual(floating(text), [], variable)

    def test_reader(self):
        """Floating-point instructions are told from others."""
        for bad in ("movaps\t%xmm0, (%rax)", "vaddpd\t%ymm1, %ymm2, %ymm3", "fldz", "fld1",
                    "fstpt\t(%rsp)", "movq\t%mm0, %rax", "fadd\t%st(1), %st", "kmovq\t%k1, %rax"):
            self.assertEqual(len(floating(f"ffffffff80100000:      \t{bad}")), 1, bad)
        for good in ("fxsave64\t(%rdi)", "xsaveopt64\t(%rdi)", "fninit", "movq\t%rax, %gs:0x10",
                     "ldmxcsr\t(%rsp)", "xsetbv"):
            self.assertEqual(floating(f"ffffffff80100000:      \t{good}"), [], good)


if __name__ == "__main__":
    unittest.main()
