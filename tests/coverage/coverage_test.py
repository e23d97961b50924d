# tests/coverage/coverage_test.py - the tests on the host run nearly every line of the kernel's core
import os
import tempfile
import unittest

import lines

BARS = {"exokernel/cap": 95, "exokernel/memory": 95}  # percent of the lines
ARGUMENTS = {"sim": ["--seeds", "20", "--steps", "3000"]}


class CoverageTest(unittest.TestCase):
    def test_bars(self):
        """Of the lines of exokernel/cap and exokernel/memory the tests on the host run 95%."""
        programs = [(path, ARGUMENTS.get(os.path.basename(path), []))
                    for path in os.environ["PROGRAMS"].split()]
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            files = lines.by_file(lines.run(programs, folder))
        folders = lines.by_folder(files)
        for folder, (ran, there) in sorted(folders.items()):
            if folder.startswith("exokernel/"):
                print(f"{folder:<24} {ran:5} of {there:5} lines {100 * ran / there:6.1f}%")
        for folder, bar in BARS.items():
            ran, there = folders[folder]
            gaps = "\n".join(["not run:", *lines.missed(files, folder)])
            print(gaps)
            self.assertGreaterEqual(100 * ran / there, bar, gaps)


class LinesTest(unittest.TestCase):
    LCOV = "SF:./a/x.cpp\nDA:1,0\nDA:2,3\nend_of_record\nSF:./a/x.cpp\nDA:1,1\nDA:4,0\n" \
           "end_of_record\nSF:b/y.cpp\nDA:7,0\nend_of_record\n"

    def test_a_line_counts_once(self):
        """A line that one program has run and another has not is one line that ran."""
        files = lines.by_file(self.LCOV)
        self.assertEqual({path: dict(counts) for path, counts in files.items()},
                         {"a/x.cpp": {1: 1, 2: 3, 4: 0}, "b/y.cpp": {7: 0}})
        self.assertEqual(lines.by_folder(files), {"a": (2, 3), "b": (0, 1)})

    def test_what_did_not_run_is_told(self):
        """Lines that did not run are told by file, of one folder."""
        files = lines.by_file(self.LCOV)
        self.assertEqual(lines.missed(files, "a"), ["a/x.cpp: 4"])
        self.assertEqual(lines.missed(files, "c"), [])


if __name__ == "__main__":
    unittest.main()
