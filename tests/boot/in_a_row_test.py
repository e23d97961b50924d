# tests/boot/in_a_row_test.py - the machine boots again and again, on each number of processors
from tests.boot import harness

PROCESSORS = (1, 2, 4, 8)


class InARowTest(harness.BootTest):
    def test_in_a_row(self):
        """Every boot comes up to the shell with all its processors, does what it is told and powers
        the machine off: some boots in a row on each number of processors, or a hundred."""
        boots = 100 if harness.is_long() else 4
        for cpus in PROCESSORS:
            for number in range(boots):
                with self.subTest(cpus=cpus, number=number):
                    out, end, log = self.run_script("echo up", cpus=cpus)
                    self.assertEqual((out, end.status), ("up\n", 0), log)
                    self.assertIn(f"processors {cpus}, used {cpus}", log)


if __name__ == "__main__":
    harness.main()
