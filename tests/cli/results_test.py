# tests/cli/results_test.py - counting test cases in the logs of three kinds of tests
import unittest

from toolchain.cli.test_results import read

BAR = "=" * 79
DOCTEST = f"""[doctest] doctest version is "2.4.9"
{BAR}
a_test.cpp:5:
TEST CASE:  a list can be empty

a_test.cpp:6: ERROR: CHECK( 1 == 2 ) is NOT correct!
  values: CHECK( 1 == 2 )

{BAR}
a_test.cpp:9:
TEST CASE:  a message only

a_test.cpp:9: MESSAGE: hello

{BAR}
[doctest] test cases: 3 | 2 passed | 1 failed | 0 skipped
[doctest] assertions: 3 | 2 passed | 1 failed |
[doctest] Status: FAILURE!
"""
UNITY = """noise
a.cpp:3:test_one:PASS
a.cpp:4:test_two:FAIL: Expected 1 Was 2
a.cpp:5:test_three:IGNORE

3 Tests 1 Failures 1 Ignored
FAIL
"""
UNITTEST = """test_a (__main__.T) ... ok
test_b (__main__.T) ... FAIL

{0}
FAIL: test_b (__main__.T)
why
{1}
Traceback (most recent call last):
AssertionError: 1 != 2

{1}
Ran 3 tests in 0.1s

FAILED (failures=1, skipped=1)
""".format("=" * 70, "-" * 70)


class ResultsTest(unittest.TestCase):
    def check(self, log, passed, names, skipped=0):
        """A failed target with these counts and names."""
        result = read("//a:b", False, log)
        self.assertEqual((result.passed, [name for name, _ in result.failures], result.skipped),
                         (passed, names, skipped))
        return result

    def test_doctest(self):
        """doctest: cases are counted, and only those with an error have failed."""
        result = self.check(DOCTEST, 2, ["a list can be empty"])
        self.assertIn("1 == 2", result.failures[0][1])

    def test_unity(self):
        """Unity: the line of a failed case gives its name and message."""
        result = self.check(UNITY, 1, ["test_two"], skipped=1)
        self.assertIn("Expected 1 Was 2", result.failures[0][1])

    def test_unittest(self):
        """unittest: the block of a failed case gives its name and trace; skipped ones count."""
        result = self.check(UNITTEST, 1, ["test_b"], skipped=1)
        self.assertIn("1 != 2", result.failures[0][1])

    def test_crash(self):
        """A target that failed without a failed case is one failure, named by its label."""
        self.check("Segmentation fault\n", 0, ["//a:b"])
        self.check(UNITTEST.replace("FAIL", "okay").replace("ED (", " ("), 3, ["//a:b"])

    def test_verdict_of_the_target_rules(self):
        """A target that passed has no failures, even if its log shows some."""
        result = read("//a:b", True, UNITTEST)
        self.assertEqual((result.passed, result.failures), (2, []))

    def test_unknown_log(self):
        """A passed target without a known summary is one case."""
        self.assertEqual(read("//a:b", True, "fine\n").passed, 1)


if __name__ == "__main__":
    unittest.main()
