# tests/boot/many_test.py - one machine runs very many apps and loses nothing
import re

from tests.boot import harness


class ManyTest(harness.BootTest):
    def test_many_apps(self):
        """After many apps that end, crash or are killed, as many frames are free as before."""
        rounds = 1000 if harness.is_long() else 25
        once = ["run hello", "run crash_demo null", "run crash_demo stack", "run crash_demo loop &",
                "kill $!"]
        script = [*once, "memstats", *(once * rounds), "memstats", "ps"]
        out, end, _ = self.run_script("\n".join(script))
        self.assertEqual(end.status, 0)
        self.assertEqual(out.count("hello from env"), rounds + 1)
        self.assertEqual(out.count("crash_demo: killed"), rounds + 1)
        before, after = re.findall(r"(?m)^free +([0-9]+)", out)
        self.assertEqual(before, after)
        self.assertNotIn("crash_demo", out.rpartition("NAME")[2])


if __name__ == "__main__":
    harness.main()
