# tests/boot/locks_test.py - locks wanted by environments on several processors at once
import re

from tests.boot import harness

COUNTS = (2, 4, 8)
LOCKS = ["test_and_set", "spin_lock", "rw_lock", "token", "snapshot"]
CHANGES = 20_000
# Changes in which who is inside waits for another processor at the door.
MEETINGS = 100


class LocksTest(harness.BootTest):
    def test_contended(self):
        """Every lock that does not block lets all processors through, also when they are more
        than the host's, loses no change to the data it guards and shows none half made."""
        for cpus in COUNTS:
            with self.subTest(cpus=cpus):
                out, end, log = self.run_script(f"run bench contend {CHANGES} {MEETINGS}",
                                                cpus=cpus)
                self.assertEqual(end.status, 0, out)
                self.assertIn(f"processors {cpus}, used {cpus}", log)
                rows = re.findall(r"(?m)^(\w+) \d+ \d+ \d+$", out)
                self.assertEqual(rows, LOCKS, out)


if __name__ == "__main__":
    harness.main()
