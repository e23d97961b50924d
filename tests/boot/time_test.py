# tests/boot/time_test.py - who gets how much processor time, as the manifest and the shell say
import re

from tests.boot import harness


def rows(out, name):
    """(time in ms, calls) of each environment of that name, as `stats` shows it."""
    return [(int(time), int(calls)) for calls, time in re.findall(
        rf"(?m)^ *[0-9]+ +([0-9]+) +[0-9]+ +[0-9]+ +[0-9]+ +([0-9]+) ms  {name}$", out)]


class TimeTest(harness.BootTest):
    def test_shares(self):
        """An app with time=20% computes a fifth of the time, and another one takes the rest."""
        script = ["run crash_demo loop &", *["run hello"] * 25, "uptime", "stats"]
        out, end, _ = self.run_script("\n".join(script), icount=True)
        self.assertEqual(end.status, 0)
        uptime_ms = float(re.search(r"(?m)^up ([0-9.]+) s$", out)[1]) * 1000
        self.assertGreater(uptime_ms, 500)
        (bounded, _), (free, _) = rows(out, "crash_demo")
        period_ms = 100
        self.assertGreater(bounded, 0.2 * (uptime_ms - 2 * period_ms))
        self.assertLess(bounded, 0.2 * (uptime_ms + period_ms))
        self.assertGreater(free, 1.5 * bounded)

    def test_stats(self):
        """stats tells for each CPU and environment what was done, the sums being the same."""
        out, end, _ = self.run_script("run hello\nstats\nstats x", cpus=2)
        self.assertEqual(end.status, 2)
        self.assertTrue(out.endswith("usage: stats\n"), out)
        cpus = re.findall(r"(?m)^ +([01]) +([0-9]+) +[0-9]+ +[0-9]+ +[0-9]+ +([0-9]+) +([0-9]+) ",
                          out)
        self.assertEqual([cpu[0] for cpu in cpus], ["0", "1"])
        calls = sum(row[1] for name in ("init", "shell", "crash_demo") for row in rows(out, name))
        self.assertGreater(calls, 50)
        self.assertLessEqual(calls, sum(int(cpu[1]) for cpu in cpus))

    def test_slices(self):
        """slices lists who has which turn, and sets the length of one's own apps."""
        script = ["run crash_demo loop &", "slices $! 50", "slices", "slices $! 101", "echo $?",
                  "slices $! 0", "echo $?", "slices 1 5", "kill $!"]
        out, _, _ = self.run_script("\n".join(script))
        app = re.search(r"\[env ([0-9]+)\] crash_demo", out)[1]
        self.assertRegex(out, rf"(?m)^ +0 +[0-9]+ +{app} +50 ms$")
        self.assertRegex(out, r"(?m)^ +0 +[0-9]+ +1 +10 ms$")
        self.assertIn("usage: slices [ID MS]\n2\n", out)
        self.assertRegex(out, r"slices: bad_argument \(.*\)\n1\n")
        self.assertIn("slices: env 1 is none that this shell has started\n", out)


if __name__ == "__main__":
    harness.main()
