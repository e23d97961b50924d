# tests/toolchain/compile_line_test.py - the kernel was compiled with the intended flags, no others
"""The compilers put their command lines into the debug information of every file."""
import os
import re
import subprocess
import unittest

COMMON = """
    -ffreestanding -O2 -g -fno-pic -fno-pie -fno-common -fomit-frame-pointer
    -fno-optimize-sibling-calls -fno-asynchronous-unwind-tables -ffunction-sections
    -fdata-sections -fcf-protection=none -fstack-protector-strong
    -mstack-protector-guard=global -mno-red-zone -mcmodel=kernel
    -std=c++23 -fno-exceptions -fno-rtti -fno-threadsafe-statics""".split()

CLANG = set(COMMON + """
    -c -MD -Wall -Wextra -Werror -Wthread-safety -Wno-excessive-regsave
    --target=x86_64-linux-gnu -mno-mmx -mno-sse -mno-sse2
    -flto=full -grecord-command-line -ffile-prefix-map=/proc/self/cwd=.
    -no-canonical-prefixes
    -Wno-builtin-macro-redefined -D__DATE__="redacted" -D__TIME__="redacted"
    -D__TIMESTAMP__="redacted" """.split())

# g++ records what changes the code, and its defaults -mtune and -march.
GCC = set(COMMON) - {"-fno-pic"} | {"-mgeneral-regs-only", "-mtune=generic", "-march=x86-64"}


def producers(debug_file):
    """The DW_AT_producer of each compiled file."""
    dump = subprocess.run(["/usr/bin/llvm-dwarfdump-19", "--debug-info", "--recurse-depth=0",
                           debug_file], check=True, stdout=subprocess.PIPE, text=True).stdout
    return re.findall(r'DW_AT_producer\s+\("(.*)"\)', dump)


def flags(line):
    """The flags in a command line, without those that name files."""
    line = line.replace('\\"', '"')
    line = re.sub(r" -(MF|o|iquote|isystem|I) ?\S+", "", line)
    line = re.sub(r" -frandom-seed=\S+", "", line)
    line = line.replace(" -D ", " -D")
    return {word for word in line.split(" ") if word.startswith("-")}


class CompileLine(unittest.TestCase):
    def lines_of(self, variable, compiler):
        lines = [line for line in producers(os.environ[variable]) if re.match(compiler, line)]
        self.assertGreater(len(lines), 10, "files of the kernel with a recorded command line")
        return lines

    def test_clang(self):
        """Every C++ file of the kernel has exactly the intended flags (clang)."""
        for line in self.lines_of("KERNEL", r".*clang version.* /usr/bin/clang-19 .* -std="):
            self.assertEqual(flags(line), CLANG, line)

    def test_gcc(self):
        """Every C++ file of the kernel has exactly the intended flags (g++)."""
        for line in self.lines_of("KERNEL_GCC", r"GNU C\+\+"):
            self.assertEqual(flags(line), GCC, line)

    def test_no_path_of_this_machine(self):
        """No file of the kernel was compiled under a name that holds the folder of the build."""
        for variable in ("KERNEL", "KERNEL_GCC"):
            with open(os.environ[variable], "rb") as file:
                debug = file.read()
            self.assertNotIn(b"/sandbox/", debug)
            self.assertNotIn(b"/execroot/", debug)

    def test_reader_sees_a_foreign_flag(self):
        """A leaked flag is told from the intended ones."""
        line = "clang version 19 /usr/bin/clang-19 -MF a.d -D LEAK=1 -O0 -iquote . -c a.cpp -o a.o"
        self.assertEqual(flags(line), {"-DLEAK=1", "-O0", "-c"})


if __name__ == "__main__":
    unittest.main()
