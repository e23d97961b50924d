# tests/sim/sim_test.py - the kernel keeps its promises on the simulated machine
import os
import re
import subprocess
import unittest

SIM = os.environ["SIM"]
LAST = re.compile(r"nothing found: (\d+) seeds, (\d+) steps, \d+ steps/s\n\Z")

# What must be seen to happen in a million steps, a third of what was when this was written or less;
# tests/sim/activity.hpp says what it is. Mistakes in what hardly happens are not found.
ACTIVITY_MIN = {
    "parallel": 50_000,
    "served": 300,
    "served_deep": 40,
    "cut": 100,
    "waits": 250,
    "woken": 40,
    "watches": 300,
    "came_true": 10,
    "pokes_of_halted": 25,
    "migrations": 60,
    "yields_to_others": 60,
    "bound_slices": 40,
    "upcalls": 130,
    "told": 5,
}


def sim(**options):
    """(exit status, output) of a run."""
    words = [word for name, value in options.items() for word in (f"--{name}", value)
             if word is not None]
    done = subprocess.run([SIM, *map(str, words)], stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def fingerprint(output):
    """What tells one run from another."""
    return int(re.search(r"fingerprint ([0-9a-f]{16})", output)[1], 16)


class SimTest(unittest.TestCase):
    def expect_nothing(self, seeds, steps, **options):
        status, output = sim(seeds=seeds, steps=steps, **options)
        self.assertEqual(status, 0, output)
        self.assertEqual(LAST.search(output).groups(), (str(seeds), str(seeds * steps)))
        return output

    def test_many_seeds(self):
        """In many short runs of four CPUs nothing is found."""
        self.expect_nothing(seeds=100, steps=2000)

    def test_long_runs(self):
        """In a few long runs nothing is found, and environments come and go all the time."""
        output = self.expect_nothing(seed=1000, seeds=4, steps=25_000)
        self.assertGreater(int(re.search(r"environments (\d+)", output)[1]), 40)

    def test_calls(self):
        """Programs get every call to succeed, and memory to be asked for that is not free. Their
        vCPUs run at the same time, call, wait, wake, yield to each other, and move."""
        _, output = sim(seed=1, seeds=40, steps=25_000, calls=None)
        rows = re.findall(r"(?m)^([a-z_]+) +((?:[a-z_]+ \d+ ?)*)$", output)
        outcomes = {name: dict(re.findall(r"([a-z_]+) (\d+)", text)) for name, text in rows}
        # No program may power off; vcpu_resume, which returns elsewhere, is not counted.
        never = {name for name, counts in outcomes.items() if "ok" not in counts}
        self.assertEqual(never, {"machine_power", "vcpu_resume"})
        self.assertIn("not_due", outcomes["account_repossess"])
        self.assertIn("busy", outcomes["account_reclaim"])
        activity = {name: int(count)
                    for name, count in re.findall(r"(?m)^activity: (\w+) (\d+)$", output)}
        self.assertEqual(activity.keys(), ACTIVITY_MIN.keys())
        for name, least in ACTIVITY_MIN.items():
            self.assertGreaterEqual(activity[name], least, name)

    def test_replay(self):
        """A seed makes the same run alone and after other seeds."""
        together = self.expect_nothing(seed=7, seeds=3, steps=1000)
        alone = [fingerprint(self.expect_nothing(seed=seed, seeds=1, steps=1000))
                 for seed in (7, 8, 9)]
        self.assertEqual(fingerprint(together), sum(alone) % 2**64)
        self.assertEqual(len(set(alone)), 3)


if __name__ == "__main__":
    unittest.main()
