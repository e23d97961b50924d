# tests/memory_low/memory_low_test.py - init ends the worst offender when memory is low
import re

from tests.boot import harness


class MemoryLowTest(harness.BootTest):
    def test_the_worst_is_ended(self):
        """The app that takes all memory is ended, with a line that says so; the others go on."""
        with self.boot(memory_mib=64) as machine:
            machine.expect(r"init: memory is low: ended env (\d+) glutton, which had (\d+) page")
            ended, had = map(int, re.search(r"ended env (\d+) glutton, which had (\d+) ",
                                            machine.console.text).groups())
            self.assertGreater(had, 5_000)
            machine.send("\r")
            machine.prompt()
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
