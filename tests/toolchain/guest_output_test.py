# tests/toolchain/guest_output_test.py - how the driver of guest tests judges what they print
import unittest

from toolchain.guest_test.unity_output import complaint

GOOD = "a.cpp:3:test_a:PASS\na.cpp:9:test_b:PASS\n\n2 Tests 0 Failures 0 Ignored\nOK\n"


class Judge(unittest.TestCase):
    def test_passed(self):
        """All cases passed and the totals agree."""
        self.assertIsNone(complaint(GOOD))

    def test_ignored(self):
        """An ignored case is none that failed."""
        self.assertIsNone(complaint("a.cpp:3:test_a:IGNORE: why\n1 Tests 0 Failures 1 Ignored\n"))

    def test_failed(self):
        """A failed case fails the test even if the totals hide it."""
        shown = GOOD.replace("test_b:PASS", "test_b:FAIL: Expected 1 Was 2")
        self.assertEqual(complaint(shown), "1 cases failed")
        self.assertEqual(complaint(GOOD.replace("0 Failures", "1 Failures")), "1 cases failed")

    def test_no_end(self):
        """A program that stopped before its totals has not passed."""
        self.assertIn("did not reach", complaint("a.cpp:3:test_a:PASS\n"))
        self.assertIn("did not reach", complaint(""))

    def test_missing_case(self):
        """Totals that count more cases than are shown do not pass."""
        self.assertIn("totals say", complaint(GOOD.replace("2 Tests", "3 Tests")))

    def test_nothing_ran(self):
        """No case at all is no success."""
        self.assertEqual(complaint("0 Tests 0 Failures 0 Ignored\nOK\n"), "no case ran")


if __name__ == "__main__":
    unittest.main()
