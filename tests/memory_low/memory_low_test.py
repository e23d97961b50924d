# tests/memory_low/memory_low_test.py - init ends the worst offender when memory is low
import re

from tests.boot import harness


class MemoryLowTest(harness.BootTest):
    def test_the_worst_is_ended(self):
        """The app that takes all memory is ended, with a line that says so; the others go on."""
        with self.boot(memory_mib=64) as machine:
            line = r"init: memory is low: ended env (\d+) glutton, which had (\d+) page"
            machine.expect_beside_prompt(line)
            ended, had = map(int, re.search(line, machine.console.text).groups())
            self.assertGreater(had, 5_000)
            self.assertIn("hello from env", machine.command("run hello"))
            shown = machine.command("ps")
            # The other one, which may be ended too, but has taken little.
            self.assertEqual(len(re.findall(r"(?m) glutton\r?$", shown)), 1, shown)
            self.assertNotRegex(shown, rf"(?m)^ *{ended} ")
            free = int(re.search(r"(?m)^free +(\d+)", machine.command("memstats"))[1])
            self.assertGreater(free, had)
            self.assertEqual(machine.console.text.count("memory is low"), 1)


if __name__ == "__main__":
    harness.main()
