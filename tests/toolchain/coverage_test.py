# tests/toolchain/coverage_test.py - the merger of coverage reports
import gzip
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

GCOV = {"files": [
    {"file": "libos/a.cpp",
     "functions": [{"name": "_Z1fv", "start_line": 3, "execution_count": 2}],
     "lines": [{"line_number": 3, "count": 2, "function_name": "_Z1fv", "branches": []},
               {"line_number": 4, "count": 2, "function_name": "_Z1fv",
                "branches": [{"count": 2}, {"count": 0}]},
               {"line_number": 5, "count": 0, "function_name": "_Z1fv", "branches": []}]},
    {"file": "/usr/include/c++/12/array", "functions": [], "lines": []},
    {"file": "libos/not_in_manifest.cpp", "functions": [], "lines": []},
]}

ONCE = """\
SF:libos/a.cpp
FN:3,_Z1fv
FNDA:2,_Z1fv
FNF:1
FNH:1
BRDA:4,0,0,2
BRDA:4,0,1,0
BRF:2
BRH:1
DA:3,2
DA:4,2
DA:5,0
LH:2
LF:3
end_of_record
"""


class Merger(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def merge(self, *words):
        out = self.folder / "out.dat"
        subprocess.run([os.environ["MERGER"], f"--output_file={out}", *words], check=True)
        return out.read_text(encoding="utf-8")

    def test_one_test(self):
        """gcov's files become LCOV; system headers and files not in the manifest are left out."""
        below = self.folder / "deep"
        below.mkdir()
        with gzip.open(below / "a.gcov.json.gz", "wt", encoding="utf-8") as file:
            json.dump(GCOV, file)
        manifest = self.folder / "manifest"
        manifest.write_text("libos/a.cpp\n/usr/include/c++/12/array\n", encoding="utf-8")
        self.assertEqual(self.merge(f"--coverage_dir={self.folder}",
                                    f"--source_file_manifest={manifest}",
                                    "--filter_sources=/usr/include.+"), ONCE)

    def test_link(self):
        """A header included through a link counts under its own name."""
        report = {"files": [dict(GCOV["files"][0], file="out/_virtual_includes/a.hpp")]}
        with gzip.open(self.folder / "a.gcov.json.gz", "wt", encoding="utf-8") as file:
            json.dump(report, file)
        names = self.folder / "names"
        names.write_text("out/_virtual_includes/a.hpp:libos/a.cpp\n", encoding="utf-8")
        self.assertEqual(self.merge(f"--coverage_dir={self.folder}",
                                    f"--sources_to_replace_file={names}"), ONCE)

    def test_all_tests(self):
        """Counts of the same line in two reports are added."""
        reports = []
        for name in ("one.dat", "two.dat"):
            reports.append(self.folder / name)
            reports[-1].write_text(ONCE, encoding="utf-8")
        listing = self.folder / "reports"
        listing.write_text("\n".join(map(str, reports)), encoding="utf-8")
        merged = self.merge(f"--reports_file={listing}")
        self.assertIn("FNDA:4,_Z1fv\n", merged)
        self.assertIn("BRDA:4,0,0,4\nBRDA:4,0,1,0\n", merged)
        self.assertIn("DA:4,4\nDA:5,0\nLH:2\nLF:3\n", merged)


if __name__ == "__main__":
    unittest.main()
