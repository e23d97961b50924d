# tests/sim/threads/threads_test.py - CPUs that are threads make calls without a data race
import os
import re
import subprocess
import unittest

CALLS = 100_000
RACE_STATUS = 66  # of a program that the thread sanitizer ends


def run(*words):
    """(exit status, standard output, standard error) of the program."""
    environment = dict(os.environ, TSAN_OPTIONS="halt_on_error=1")
    done = subprocess.run([os.environ["THREADS"], *words], capture_output=True, text=True,
                          env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


class ThreadsTest(unittest.TestCase):
    def test_calls(self):
        """Four CPUs make calls on the same kernel; no race is seen, and the ledger is balanced."""
        status, output, complaint = run(str(CALLS))
        self.assertEqual((status, complaint), (0, ""))
        found = re.fullmatch(r"ledger balanced: (\d+) calls, (\d+) succeeded\n", output)
        self.assertEqual(int(found[1]), CALLS)
        self.assertGreater(int(found[2]), CALLS // 100)

    def test_races_are_seen(self):
        """The program is built so that a race ends it."""
        status, _, complaint = run("race")
        self.assertEqual(status, RACE_STATUS)
        self.assertIn("data race", complaint)


if __name__ == "__main__":
    unittest.main()
