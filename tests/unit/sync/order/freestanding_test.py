# tests/unit/sync/order/freestanding_test.py - the order of locks as part of a kernel
import os
import re
import subprocess
import tempfile
import unittest

PROBE = "tests/unit/sync/order/freestanding_probe.cpp"
COMPILERS = {"clang": "/usr/bin/clang++-19", "gcc": "/usr/bin/g++"}
FLAGS = {}
with open("toolchain/cc/flags.bzl", encoding="utf-8") as file:
    exec(file.read(), FLAGS)  # lists and dictionaries: the same in Starlark and in Python

# What every freestanding program supplies, and what the probe leaves to its kernel.
SUPPLIED = {"memcpy", "memset", "memmove", "strlen", "__stack_chk_fail", "__stack_chk_guard"}
STACK_MAX = 3072  # bytes in one function, of the kernel's 16 KiB


class FreestandingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name, compiler in COMPILERS.items():
            flags = [*FLAGS["COMPILE"], *FLAGS["CXX"], *FLAGS["COMPILE_BY_COMPILER"][name],
                     *FLAGS["COMPILE_BY_ENVIRONMENT"]["kernel"]]
            subprocess.run([compiler, *flags, "-fstack-usage", "-Iinclude", "-c", PROBE,
                            "-o", cls.path(name, "o")], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name, ending):
        return os.path.join(cls.folder.name, f"{name}.{ending}")

    def each(self, *command, ending="o"):
        """What the command says of each compiler's file."""
        for name in COMPILERS:
            done = subprocess.run([*command, self.path(name, ending)], check=True,
                                  capture_output=True, text=True)
            yield name, done.stdout

    def test_needs_nothing(self):
        """Compiled with the kernel's flags it needs no library: no memory, exceptions or text."""
        for name, symbols in self.each("/usr/bin/nm", "-uC"):
            wanted = set(re.findall(r"^\s*[Uw] (\S+)", symbols, re.MULTILINE))
            foreign = {symbol for symbol in wanted if not symbol.startswith("KernelPlatform::")}
            self.assertLessEqual(foreign, SUPPLIED, name)
            self.assertNotEqual(foreign, wanted, name)

    def test_no_constructors(self):
        """Nothing has to run before the first lock is taken."""
        for name, sections in self.each("/usr/bin/objdump", "-h"):
            self.assertIn(".text", sections)
            self.assertNotRegex(sections, r"\.init_array|\.ctors", name)

    def test_stack(self):
        """No function needs more than 3 KiB of stack."""
        for name, usage in self.each("cat", ending="su"):
            sizes = [int(line.split("\t")[1]) for line in usage.splitlines()]
            self.assertGreater(len(sizes), 10)
            self.assertLessEqual(max(sizes), STACK_MAX, name)


if __name__ == "__main__":
    unittest.main()
