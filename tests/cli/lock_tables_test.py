# tests/cli/lock_tables_test.py - the tables of `lamina bench locks`
import unittest

from toolchain.cli import lock_tables

HOST = """\
1 0 spin_lock 10.00
1 0 pthread_spin 20.00
1 1 spin_lock 30.00
1 1 pthread_spin 20.00
1 2 spin_lock 2.00
1 2 pthread_spin 10.00
2 0 spin_lock 7.50
"""
GUEST = """\
test_and_set 17 0 200
spin_lock 1523 46 224
status 0
"""


class LockTablesTest(unittest.TestCase):
    def test_host(self):
        """Measurements are kept apart by threads and lock, in the order of their rounds."""
        self.assertEqual(lock_tables.read_host(HOST), {
            1: {"spin_lock": [10.0, 30.0, 2.0], "pthread_spin": [20.0, 20.0, 10.0]},
            2: {"spin_lock": [7.5]}})
        self.assertRaises(ValueError, lock_tables.read_host, "a lock does not exclude\n")

    def test_ratio(self):
        """A ratio is the median of the rounds' ratios, not the ratio of two medians."""
        self.assertEqual(lock_tables.ratio([10.0, 30.0, 2.0], [20.0, 20.0, 10.0]), 0.5)

    def test_host_table(self):
        """A line has a lock's median time, and its ratio to each peer."""
        locks = {peer: [20.0, 20.0] for peer in lock_tables.PEERS}
        lines = lock_tables.host_table({"spin_lock": [10.0, 12.0], **locks})
        self.assertEqual(lines[0].split()[0], "ns")
        self.assertEqual(lines[1].split(), ["spin_lock", "11.0", *["0.55"] * len(locks)])
        self.assertEqual(len(lines), 2 + len(locks))

    def test_guest(self):
        """A lock's line has its time and the shares of who got least and most, by processors."""
        run = lock_tables.read_guest(GUEST)
        self.assertEqual(run, {"test_and_set": (17, 0, 200), "spin_lock": (1523, 46, 224)})
        lines = lock_tables.guest_table({1: run, 8: run})
        self.assertEqual(lines[0].split(), ["1", "CPU", "8", "CPUs"])
        self.assertEqual(lines[2].split(), ["spin_lock"] + ["1523", "ns", "46-224%"] * 2)


if __name__ == "__main__":
    unittest.main()
