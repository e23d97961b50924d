# tests/tidy/rules_test.py - each tidy rule finds what breaks it and passes what does not
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import functions  # noqa: E402
import includes  # noqa: E402
import layout  # noqa: E402
from tree import Source  # noqa: E402

HEAD = "// libos/a/b.hpp - a header\n#pragma once\n"
TABLE = {"include/lamina": [], "exokernel/core": ["include/lamina"],
         "exokernel/cap": ["exokernel/core"], "libos/a": ["include/lamina"], "apps/*": ["libos/*"]}


def cpp(text, path="libos/a/b.hpp"):
    return Source(path, text)


class Layout(unittest.TestCase):
    def good(self, rule, source):
        self.assertEqual(list(rule(source)), [])

    def bad(self, rule, source, line=1):
        self.assertEqual([number for number, _ in rule(source)], [line])

    def test_first_line(self):
        self.good(layout.first_line, cpp(HEAD))
        self.bad(layout.first_line, cpp("// libos/a/c.hpp - a header\n"))
        self.bad(layout.first_line, cpp("// libos/a/b.hpp\n"))
        self.bad(layout.first_line, Source("lamina", "#!/bin/sh\n# the tool\n"), 2)
        self.good(layout.first_line, Source("lamina", "#!/bin/sh\n# lamina - the tool\n"))

    def test_length_counts_code_only(self):
        self.good(layout.length, cpp("int a;\n" * 400 + "// comment\n\n/* one\ntwo */\n" * 50))
        self.bad(layout.length, cpp("int a;\n" * 401))

    def test_width(self):
        self.good(layout.width, cpp("a" * 100 + "\n"))
        self.bad(layout.width, cpp("\n" + "a" * 101 + "\n"), 2)

    def test_white_space(self):
        self.good(layout.white_space, cpp("int a;\n"))
        self.bad(layout.white_space, cpp("int a; \n"))
        self.bad(layout.white_space, cpp("int\ta;\n"))
        self.bad(layout.white_space, cpp("int a;"))

    def test_words(self):
        self.good(layout.words, cpp("// waits for " "nowhere\n"))
        self.bad(layout.words, cpp("\n// TO" "DO later\n"), 2)
        self.bad(layout.words, cpp("// enough for " "now\n"))

    def test_sleeps(self):
        text = "import time\ntime.sl" "eep(1)\n"
        self.bad(layout.sleeps, Source("tests/boot/a.py", text), 2)
        self.good(layout.sleeps, Source("toolchain/a.py", text))
        self.good(layout.sleeps, Source("tests/linux/probe.cpp", "nanosl" "eep(&nap, nullptr);\n"))

    def test_assembly(self):
        text = '\nvoid f() { asm volatile("hlt"); }\n'
        self.bad(layout.assembly, cpp(text, "exokernel/cap/a.cpp"), 2)
        self.bad(layout.assembly, cpp("ret\n", "exokernel/trap/a.S"))
        self.good(layout.assembly, cpp(text, "exokernel/arch/x86_64/a.hpp"))
        self.good(layout.assembly, cpp('// asm\nauto s = "asm";\n', "exokernel/cap/a.cpp"))

    def test_include_guard(self):
        self.good(layout.include_guard, cpp(HEAD))
        self.bad(layout.include_guard, cpp("// #pragma once\n"))


class Functions(unittest.TestCase):
    def lengths(self, text):
        return list(functions.cpp_functions(cpp(text).code))

    def test_cpp(self):
        in_namespace = "namespace a {\nint f(int b,\n      int c) {\n  return 1;\n}\n}\n"
        self.assertEqual(self.lengths(in_namespace), [(2, 4)])
        in_class = "struct S {\n  int f() const { return 1; }\n  int b = 1;\n};\n"
        self.assertEqual(self.lengths(in_class), [(2, 1)])
        self.assertEqual(self.lengths("template <class T>\nvoid f() {\n  if (a) {\n  }\n}\n"),
                         [(1, 5)])
        self.assertEqual(self.lengths("constexpr int a[] = {\n  f(1),\n};\n"), [])

    def test_limit(self):
        body = "void f() {\n" + "  g();\n" * 67 + "}\n"
        self.assertEqual(list(functions.function_length(cpp(body))), [])
        long = body.replace("{\n", "{\n  g();\n")
        self.assertEqual(len(list(functions.function_length(cpp(long)))), 1)
        python = Source("a.py", "def f():\n" + "    g()\n" * 69)
        self.assertEqual(len(list(functions.function_length(python))), 1)


class Includes(unittest.TestCase):
    def problems(self, files):
        sources = [Source(path, "".join(f'#include "{name}"\n' for name in names))
                   for path, names in files.items()]
        return [(path, what) for path, _, what in includes.include_problems(sources, TABLE)]

    def test_allowed(self):
        self.assertEqual(self.problems({
            "include/lamina/x.hpp": [],
            "exokernel/core/a.hpp": ["lamina/x.hpp"],
            "exokernel/cap/b.hpp": ["exokernel/core/a.hpp"],
            "exokernel/cap/c.cpp": ["exokernel/cap/b.hpp"],
            "libos/a/a.hpp": ["lamina/x.hpp"],
            "apps/one/main.cpp": ["apps/one/one.hpp", "libos/a/a.hpp"],
            "apps/one/one.hpp": [],
        }), [])

    def test_arch(self):
        """What is included as "arch/..." is below the folder it lies in, not part of it."""
        table = dict(TABLE, **{"arch": ["exokernel/core"], "exokernel/cap": ["arch"],
                               "exokernel/arch/x86_64": ["arch", "exokernel/cap"]})
        files = {"exokernel/arch/x86_64/a.hpp": '#include "exokernel/cap/b.hpp"\n',
                 "exokernel/arch/x86_64/c.hpp": '#include "exokernel/cap/b.hpp"\n',
                 "exokernel/cap/b.hpp": "", "exokernel/cap/d.cpp": '#include "arch/a.hpp"\n'}
        sources = [Source(path, text) for path, text in files.items()]
        self.assertEqual([path for path, _, _ in includes.include_problems(sources, table)],
                         ["exokernel/arch/x86_64/a.hpp"])
        self.assertEqual(list(includes.table_problems(table)), [])

    def test_forbidden(self):
        for path, name in (("exokernel/core/a.hpp", "exokernel/cap/b.hpp"),
                           ("exokernel/cap/b.hpp", "lamina/x.hpp"),
                           ("libos/a/a.hpp", "exokernel/core/a.hpp"),
                           ("exokernel/core/a.hpp", "libos/a/a.hpp"),
                           ("apps/one/one.hpp", "exokernel/core/a.hpp"),
                           ("apps/one/one.hpp", "apps/two/two.hpp"),
                           ("libos/a/a.hpp", "tests/t.hpp"),
                           ("libos/a/a.hpp", "nowhere.hpp"),
                           ("libos/b/a.hpp", "libos/a/a.hpp")):
            files = {"exokernel/core/a.hpp": [], "exokernel/cap/b.hpp": [],
                     "include/lamina/x.hpp": [], "libos/a/a.hpp": [], "tests/t.hpp": [],
                     "apps/one/one.hpp": [], "apps/two/two.hpp": []}
            files[path] = [name]
            with self.subTest(path=path, name=name):
                self.assertEqual([p for p, _ in self.problems(files)][:1], [path])

    def test_circles(self):
        found = self.problems({"libos/a/a.hpp": ["libos/a/b.hpp"],
                               "libos/a/b.hpp": ["libos/a/a.hpp"]})
        self.assertEqual(found[0][1], "a circle: libos/a/a.hpp -> libos/a/b.hpp -> libos/a/a.hpp")

    def test_table(self):
        page = "text\n```deps\n# comment\na/b -> c/d\nc/d ->\n```\n"
        self.assertEqual(includes.read_table(page), {"a/b": ["c/d"], "c/d": []})
        for bad in ("no table", "```deps\na b\n```\n", "```deps\na ->\na ->\n```\n"):
            self.assertRaises(ValueError, includes.read_table, bad)

    def test_table_problems(self):
        self.assertEqual(list(includes.table_problems(TABLE)), [])
        for unit, target in (("exokernel/core", "exokernel/cap"), ("exokernel/core", "libos/a"),
                             ("libos/a", "apps/*"), ("include/lamina", "exokernel/core"),
                             ("exokernel/core", "exokernel/none")):
            table = dict(TABLE, **{unit: [target]})
            with self.subTest(unit=unit, target=target):
                self.assertNotEqual(list(includes.table_problems(table)), [])


if __name__ == "__main__":
    unittest.main()
