# tests/cli/bench_test.py - what `lamina bench` measures and reports
import contextlib
import io
import unittest
from unittest import mock

from toolchain.cli import bars, options
from toolchain.cli.catalogue import COMMANDS
from toolchain.cli.commands import bench
from toolchain.cli.errors import UsageError

ROW = {"what": "a pair", "unit": "instructions", "recorded": 10, "tolerance_percent": 0}
ROWS = {"boot": dict(ROW, linux=2000), "locks spin": dict(ROW, bar=12, peers={"ticket": 14})}


class BenchTest(unittest.TestCase):
    def bench(self, *words, value=10):
        """(status, output, what was reported beside the rows) of a run without a machine."""
        reported = []
        with mock.patch.object(bars, "read", lambda: ROWS), \
                mock.patch.object(bench, "measure_rows",
                                  lambda names: dict.fromkeys(names, value)), \
                mock.patch.object(bench, "_report_host_locks", lambda: reported.append("host")), \
                mock.patch.object(bench, "_report_guest_locks", lambda: reported.append("guest")), \
                contextlib.redirect_stdout(io.StringIO()) as out, \
                contextlib.redirect_stderr(io.StringIO()):
            status = bench.run(options.read(COMMANDS["bench"], words, COMMANDS))
        return status, out.getvalue(), reported

    def test_rows(self):
        """A name takes the rows that start with it; each is printed with bar and peers."""
        status, out, _ = self.bench("locks")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"\nlocks spin +10 +12  instructions: a pair \(ticket: 14\)\n\Z")
        self.assertNotIn("boot", out)
        self.assertRaises(UsageError, self.bench, "lokcs")

    def test_times(self):
        """Times of locks are reported where they are asked for, and not where rows are checked."""
        self.assertEqual(self.bench("locks")[2], ["host", "guest"])
        for words in ([], ["boot"], ["locks", "--check"]):
            self.assertEqual(self.bench(*words)[2], [])

    def test_check(self):
        """With --check a value over what is recorded fails, without it is only printed."""
        self.assertEqual(self.bench("--check")[0], 0)
        self.assertEqual(self.bench("--check", value=11)[0], 1)
        self.assertEqual(self.bench(value=11)[0], 0)


if __name__ == "__main__":
    unittest.main()
