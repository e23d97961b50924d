# tests/linux/object_test.py - the libOS in an app shares nothing with the C library beside it
import os
import re
import subprocess
import unittest

LLVM = "/usr/bin/llvm-{}-19"
# What the compilers call by name and a C library has too.
SHARED = ("memcpy", "memset", "memchr", "__stack_chk_fail")
# Vector and x87 registers; and FS, which is the C library's.
FORBIDDEN = re.compile(r"%([xyz]mm[0-9]+|mm[0-7]|st\b|fs:)")


def tool(name, *arguments):
    """The output of an LLVM tool."""
    return subprocess.run([LLVM.format(name), *arguments], check=True, stdout=subprocess.PIPE,
                          text=True).stdout


def symbols(path):
    """(type letter of nm, name) of each symbol."""
    return [tuple(line.split()[-2:]) for line in tool("nm", path).splitlines()]


class ObjectTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = os.environ["LIBOS_OBJECT"]
        cls.symbols = symbols(cls.path)

    def test_names(self):
        """Only names that begin with lamina_ are visible."""
        visible = {name for kind, name in self.symbols if kind.isupper() and kind != "U"}
        self.assertLessEqual({"lamina_entry", "lamina_print_unserved_calls"}, visible)
        self.assertEqual([name for name in visible if not name.startswith("lamina_")], [])

    def test_needs(self):
        """It needs nothing but the program's ELF header and, weakly, its entry."""
        self.assertEqual({(kind, name) for kind, name in self.symbols if kind in "Uwv"},
                         {("U", "__ehdr_start"), ("w", "lamina_program_start")})

    def test_own_functions(self):
        """It brings its own memory functions, which stay its own."""
        for name in SHARED:
            self.assertIn(("t", name), self.symbols)

    def test_sections(self):
        """No thread-local storage, no constructors, no groups; no indirect function."""
        sections = tool("readelf", "--sections", "--wide", self.path)
        self.assertIn(".text", sections)
        for name in (".tdata", ".tbss", ".init_array", ".ctors", "GROUP", ".eh_frame"):
            self.assertNotIn(name, sections)
        self.assertNotIn("i", {kind for kind, _ in self.symbols})

    def test_registers(self):
        """No instruction uses a vector register or FS, but for setting FS base."""
        text = tool("objdump", "--disassemble", "--no-show-raw-insn", self.path)
        self.assertGreater(text.count("\n"), 3000)
        self.assertEqual([line for line in text.splitlines() if FORBIDDEN.search(line)], [])
        self.assertIn("wrfsbase", text)

    def test_program(self):
        """In a program the C library's functions are there too, under the same names."""
        linked = symbols(os.environ["LINKED_PROBE"])
        self.assertIn(("t", "memcpy"), linked)
        self.assertTrue({("i", "memcpy"), ("T", "memcpy")} & set(linked))
        header = tool("readelf", "--file-header", "--program-headers", os.environ["LINKED_PROBE"])
        self.assertIn("EXEC (Executable file)", header)
        self.assertIn("TLS", header)
        self.assertNotIn("INTERP", header)

    def test_malloc(self):
        """With the libOS's malloc in its deps a program has none of the C library's."""
        usual, ours = (symbols(os.environ[name]) for name in ("LINKED_PROBE", "MALLOC_PROBE"))
        self.assertIn(("t", "_int_malloc"), usual)
        self.assertNotIn(("t", "_int_malloc"), ours)
        self.assertIn(("T", "malloc"), ours)


if __name__ == "__main__":
    unittest.main()
