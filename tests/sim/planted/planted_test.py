# tests/sim/planted/planted_test.py - each planted mistake is found from each of ten seeds
import os
import re
import subprocess
import unittest
from concurrent import futures

STEPS_MAX = 1_000_000
SEEDS = range(1, 11)
# Of machines that have what a mistake is about, by the first word of its name; see sim/main.cpp.
SEEDS_OF = {
    "large": [4, 8, 12, 16, 20, 24, 32, 36, 40, 44],
    "tagged": [4, 5, 6, 7, 12, 13, 14, 15, 20, 21],
}
FOUND = re.compile(r"violated: (.+)\n  seen: .+\n  seed (\d+), step (\d+)\n"
                   r"  replay: \./lamina sim --seed \d+ --steps (\d+)\n")


def run(program, seed, steps):
    """(exit status, output) of the simulator."""
    done = subprocess.run([program, "--seed", str(seed), "--steps", str(steps)],
                          stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


class PlantedTest(unittest.TestCase):
    def test_found(self):
        """Each mistake in a copy of the kernel breaks a promise within a million steps."""
        with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            self.expect_all_found(pool)

    def expect_all_found(self, pool):
        hunts = {program: [(seed, pool.submit(run, program, seed, STEPS_MAX))
                           for seed in SEEDS_OF.get(os.path.basename(program).split("_")[0], SEEDS)]
                 for program in os.environ["PLANTED"].split()}
        for program, runs in hunts.items():
            steps = []
            for seed, hunt in runs:
                with self.subTest(mistake=os.path.basename(program), seed=seed):
                    status, output = hunt.result()
                    self.assertEqual(status, 1, output)
                    found = FOUND.search(output)
                    self.assertIsNotNone(found, output)
                    self.assertEqual(int(found[2]), seed)
                    steps.append(int(found[3]))
            print(f"{os.path.basename(program)}: steps {min(steps)} to {max(steps)}, {found[1]}")

    def test_replay(self):
        """The seed and the number of steps that a failure prints bring the same failure again."""
        program = os.environ["PLANTED"].split()[0]
        _, output = run(program, 1, STEPS_MAX)
        self.assertEqual(run(program, 1, int(FOUND.search(output)[4])), (1, output))


if __name__ == "__main__":
    unittest.main()
