# tests/boot/lock_order_test.py - the order of the kernel's locks, as documented and as seen
import os
import pathlib

from tests.boot import harness
from toolchain.cli import kernel_log
from toolchain.guest_test import lock_order

SESSION = """run hello
run crash_demo null
run pager_demo
run two_policies
ps"""


class LocksTest(harness.BootTest):
    def test_observed_order(self):
        """Four processors at work take locks in the documented order, and in all of it."""
        documented = lock_order.documented(pathlib.Path(os.environ["LAMINA_LOCKS"]).read_text())
        self.assertTrue(documented)
        _, end, log = self.run_script(SESSION, words=("locks=panic",), cpus=4)
        self.assertEqual(end.status, 0, log)
        self.assertEqual(lock_order.observed(kernel_log.plain(log)), documented)

    def test_off(self):
        """Without the words the kernel follows no locks."""
        _, _, log = self.run_script("run crash_demo null")
        self.assertEqual(lock_order.observed(kernel_log.plain(log)), set())

    def test_complaint(self):
        """A pair that is not documented is named."""
        text = f"{lock_order.SECTION}\n\n| `a` | `b` |\n"
        self.assertIsNone(lock_order.complaint("locks: a before b\n", text))
        self.assertIn("'b', 'a'", lock_order.complaint("locks: b before a\n", text))


if __name__ == "__main__":
    harness.main()
