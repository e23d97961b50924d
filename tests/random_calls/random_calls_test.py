# tests/random_calls/random_calls_test.py - random system calls on one, two and four CPUs
"""With LAMINA_LONG=1 (`lamina test --long`) ten million calls on four CPUs. LAMINA_SEED names
another seed than 1."""
import os
import re

from tests.boot import harness
from toolchain.guest_test import unity_output

LIMIT_S = 1700
LEAST = 100  # how often each outcome must be seen
# In a short run on several CPUs, where the order of things, and so each count, is up to chance: the
# rarest was seen 149 times at the least.
LEAST_BY_CHANCE = 25
SEED = int(os.environ.get("LAMINA_SEED", "1"))
# The kernel follows its locks, and panics when it finds something.
FOLLOWED = ("locks=panic",)


class RandomCallsTest(harness.BootTest):
    def run_calls(self, calls, seed=SEED, least=LEAST, words=(), **settings):
        """Boots and makes that many calls; returns how many were made, and the fingerprint."""
        words = (f"calls={calls}", f"seed={seed}", f"least={least}", *words)
        with self.boot(memory_mib=256, words=words, **settings) as machine:
            end = machine.wait_end(LIMIT_S)
            shown = machine.console.text.replace("\r", "")
            log = machine.log.text[-harness.TAIL:]
        print(f"{calls} calls, {settings}\n{shown}")
        self.assertIsNone(unity_output.complaint(shown), log)
        self.assertEqual(end.status, 0, log)
        made, told = re.search(r"(?m)calls (\d+), .*fingerprint 0x([0-9a-f]+)$", shown).groups()
        return int(made), told

    def test_one_cpu(self):
        """On one CPU every outcome is seen, and the same seed gives the same calls and outcomes."""
        once = self.run_calls(700_000, icount=True)
        short = [self.run_calls(30_000, seed, least=0, icount=True) for seed in (2, 2, 3)]
        self.assertEqual(short[0], short[1])
        self.assertEqual(len({told for _, told in (once, *short)}), 3)

    def test_two_cpus(self):
        """On two CPUs every outcome is seen, and everything is given back."""
        self.run_calls(800_000, least=LEAST_BY_CHANCE, cpus=2, words=FOLLOWED)

    def test_four_cpus(self):
        """On four CPUs every outcome is seen, and everything is given back."""
        calls, least = (10_000_000, LEAST) if harness.is_long() else (1_000_000, LEAST_BY_CHANCE)
        self.run_calls(calls, least=least, cpus=4, words=FOLLOWED)


if __name__ == "__main__":
    harness.main()
