# tests/cli/bars_test.py - when a measured value does not hold
import unittest

from toolchain.cli import bars, measure

ROW = {"bar": 1000, "recorded": 500, "tolerance_percent": 10, "unit": "instructions"}


class BarsTest(unittest.TestCase):
    def test_within(self):
        """Up to the recorded value and its tolerance all is well, and less is always well."""
        self.assertIsNone(bars.complaint(ROW, 550))
        self.assertIsNone(bars.complaint(ROW, 1))

    def test_regression(self):
        """More than the tolerance over the recorded value is a regression."""
        self.assertIn("--record", bars.complaint(ROW, 551))

    def test_over_the_bar(self):
        """Over the bar is over the bar, whatever is recorded."""
        self.assertIn("bar", bars.complaint(dict(ROW, recorded=2000), 1001))

    def test_no_bar(self):
        """A row without a bar is held to its record only."""
        row = {key: value for key, value in ROW.items() if key != "bar"}
        self.assertIsNone(bars.complaint(row, 550))
        self.assertIsNotNone(bars.complaint(row, 551))

    def test_rows_of_the_tree(self):
        """Each row of bars.json has a measurement, and its record keeps the bar and beats those it
        names; those that are not of locks alone name Linux."""
        for name, row in bars.read().items():
            self.assertIn(name.split()[0], measure.MEASUREMENTS)
            self.assertLessEqual(row["recorded"], row.get("bar", row["recorded"]))
            if not name.startswith("locks "):
                self.assertIn("linux", row)
            for peer in bars.peers(row).values():
                self.assertLess(row["recorded"], peer)

    def test_peers(self):
        """What others take is Linux's value and those of other libraries."""
        self.assertEqual(bars.peers({"linux": 3}), {"Linux 6.1": 3})
        self.assertEqual(bars.peers_text({"peers": {"a": 1000, "b": 2}}), "a: 1,000, b: 2")
        self.assertEqual(bars.peers_text({}), "")


if __name__ == "__main__":
    unittest.main()
