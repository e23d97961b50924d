# tests/cli/simulation_test.py - many seeds in several processes of the simulator
import os
import stat
import tempfile
import unittest

from toolchain.cli import simulation
from toolchain.cli.errors import Broken

# Counts its seeds as steps and fingerprint; finds something at seed 77, fails at seed 999.
PROGRAM = """#!/bin/sh
first=$2 count=$4 last=$(($2 + $4 - 1))
[ $first -le 77 ] && [ $last -ge 77 ] && { echo 'violated: seventy-seven'; exit 1; }
[ $first -le 999 ] && [ $last -ge 999 ] && { echo broken; exit 3; }
printf 'environments 2, full checks 3, fingerprint %016x\\n' $count
echo "nothing found: $count seeds, $(($count * $6)) steps, 5 steps/s"
"""


class SimulationTest(unittest.TestCase):
    def setUp(self):
        self.program = os.path.join(tempfile.mkdtemp(), "sim")
        with open(self.program, "w", encoding="ascii") as file:
            file.write(PROGRAM)
        os.chmod(self.program, stat.S_IRWXU)

    def test_portions(self):
        """The processes get every seed once, and no job is without work."""
        for seeds, jobs in ((1, 2), (2, 2), (5, 2), (1000, 2), (1001, 3)):
            parts = simulation.portions(10, seeds, jobs)
            got = [seed for first, count in parts for seed in range(first, first + count)]
            self.assertEqual(got, list(range(10, 10 + seeds)))
            self.assertGreaterEqual(len(parts), min(seeds, jobs) - 1)

    def test_totals(self):
        """What the processes did is added up."""
        total = simulation.run(self.program, 1000, 450, 10, 2)
        parts = len(simulation.portions(1000, 450, 2))
        self.assertEqual((total.steps, total.fingerprint, total.finding), (4500, 450, ""))
        self.assertEqual((total.environments, total.full_checks), (2 * parts, 3 * parts))

    def test_finding(self):
        """What one process finds is what the run found."""
        total = simulation.run(self.program, 1, 500, 10, 2)
        self.assertEqual(total.finding, "violated: seventy-seven\n")

    def test_broken(self):
        """A simulator that ends in another way is no finding."""
        with self.assertRaises(Broken):
            simulation.run(self.program, 900, 100, 10, 2)


if __name__ == "__main__":
    unittest.main()
