# tests/docs/docs_test.py - what the documents say is what the sources have
import re
import unittest

from toolchain.cli import docs_check
from toolchain.cli.catalogue import COMMANDS
from toolchain.cli.options import OPTIONS
from toolchain.cli.places import ROOT
from toolchain.docs import write


def read(path):
    """The text of a file of the tree."""
    return (ROOT / path).read_text(encoding="utf-8")


def rows(document, heading):
    """The rows of the first table below a heading, each a list of its cells."""
    below = f"\n{read(document)}".partition(f"\n{heading}\n")[2]
    lines = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)[0].splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def names(cells):
    """What stands in backticks in the cells."""
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def defines(path, symbol):
    """Whether a file has a symbol: a name, or Class::name."""
    return re.search(rf"\b{re.escape(symbol)}\b", read(path)) is not None


class Documents(unittest.TestCase):
    def test_what_they_name_exists(self):
        """Paths, symbols, labels, commands and links of every document are real."""
        found = docs_check.check_all()
        self.assertIn("README.md", found)
        self.assertEqual([line for complaints in found.values() for line in complaints], [])

    def test_made_from_sources(self):
        """The documents that toolchain/docs/write.py writes are as it would write them now."""
        for path, page_of_tree in write.DOCUMENTS.items():
            self.assertTrue(read(path) == page_of_tree(ROOT),
                            f"{path} is old; renew it: /usr/bin/python3 toolchain/docs/write.py")

    def test_hops(self):
        """Each hop in the life of a system call is in the file that the table names."""
        table = rows("docs/life-of-a-system-call.md", "# The life of a system call")
        self.assertEqual([row[0] for row in table], ["0", "1", "2", "3", "4"])
        for row in table:
            path, symbol = names(row[3:])
            self.assertTrue(defines(path, symbol), f"{path} has no {symbol}")

    def test_boot_steps(self):
        """The kernel takes the steps of docs/boot.md in their order."""
        main = read("exokernel/boot/main.cpp").partition("void exo_main(")[2]
        steps = names(row[1] for row in rows("docs/boot.md", "## The steps of the kernel"))
        self.assertGreater(len(steps), 10)
        places = [main.find(f"{step}(") for step in steps]
        self.assertNotIn(-1, places, f"{steps[places.index(min(places))]} is no step")
        self.assertEqual(places, sorted(places))

    def test_arrows(self):
        """Every arrow between the states of a vCPU is in the table, with cases that are run."""
        page = read("docs/upcalls.md")
        drawing = re.search(r"(?s)```text\n(.*?)```", page.partition("## The states")[2])[1]
        drawn = sorted(map(int, re.findall(r"\d+", drawing)))
        table = rows("docs/upcalls.md", "## The states of a vCPU")
        self.assertEqual([int(row[0]) for row in table], drawn)
        self.assertEqual(drawn, list(range(1, len(drawn) + 1)))
        for row in table:
            path, *cases = names(row[2:])
            self.assertGreater(len(cases), 0, row)
            for case in cases:
                if "/" in case:
                    path = case
                else:
                    run = f"def {case}(" if path.endswith(".py") else f"RUN_TEST({case});"
                    self.assertIn(run, read(path), f"{path} runs no {case}")

    def test_words(self):
        """Every word that kernel and apps look for on the command line is in docs/boot.md."""
        told = names(row[0] for row in rows("docs/boot.md", "## Words on the command line"))
        found = set()
        for folder in ("exokernel", "libos", "apps"):
            for path in (ROOT / folder).rglob("*.cpp"):
                found |= set(re.findall(r'has_word\([^;]*?, "([^"]+)"\)',
                                        path.read_text(encoding="utf-8")))
        self.assertGreater(len(found), 0)
        self.assertEqual(sorted(told), sorted(found))

    def test_addresses(self):
        """The addresses that the sources fix are those of docs/memory-layout.md."""
        page = read("docs/memory-layout.md").replace("'", "")
        for path in ("include/lamina/layout.hpp", "libos/vm/layout.hpp",
                     "exokernel/arch/x86_64/machine.hpp"):
            fixed = re.findall(r"constexpr std::uint64_t \w+ =\s*(0x[0-9a-f']+);", read(path))
            self.assertGreater(len(fixed), 0, path)
            for address in fixed:
                digits = address.replace("'", "")[2:].lstrip("0")
                self.assertTrue(re.search(rf"\b0x0*{digits}\b", page), f"{address} of {path}")

    def test_shell_commands(self):
        """docs/shell.md has every command of the shell, with its arguments, and no other."""
        table = re.findall(r'\{"(\w+)", "([^"]*)",', read("apps/shell/commands.cpp"))
        self.assertGreater(len(table), 5)
        told = names(row[0] for row in rows("docs/shell.md", "## The shell"))
        self.assertEqual(sorted(told), sorted(f"{name} {words}".strip() for name, words in table))

    def test_tool(self):
        """docs/shell.md has every command and option of the tool."""
        page = read("docs/shell.md")
        for command in COMMANDS:
            self.assertTrue(f"`./lamina {command}" in page, command)
        for option in OPTIONS:
            self.assertTrue(re.search(rf"[` ]{option}[` ]", page), option)

    def test_drivers(self):
        """docs/drivers.md has every driver, and docs/architecture.md every folder of the libOS."""
        table = names(row[0] for row in rows("docs/drivers.md", "# Drivers"))
        self.assertEqual(sorted(table), folders("exokernel/driver"))
        table = names(row[0] for row in rows("docs/architecture.md", "## The libOS"))
        self.assertEqual(sorted(table), folders("libos"))


def folders(path):
    """The folders in a folder, from the root of the tree."""
    return sorted(f"{path}/{entry.name}" for entry in (ROOT / path).iterdir()
                  if entry.is_dir() and any(entry.glob("*.hpp")))


if __name__ == "__main__":
    unittest.main()
