# tests/boot/memstats_test.py - what page frames are used for, and that the frame table shows it
import re

from tests.boot import harness


def figures(output):
    """Each table of the output as {use: frames}; the second column is KiB."""
    tables = []
    for line in output.splitlines():
        if line.split() == ["frames", "KiB"]:
            tables.append({})
        elif match := re.fullmatch(r"(\w+) +(\d+) +(\d+)", line):
            name, frames, kib = match.groups()
            assert int(kib) == int(frames) * 4, line
            tables[-1][name] = int(frames)
    return tables


class MemstatsTest(harness.BootTest):
    def test_check(self):
        """memstats --check agrees with the frame table before, while and after apps run, and ends
        with status 0."""
        script = ["memstats --check", "echo $?", "run crash_demo loop &", "memstats --check",
                  "echo $?", "kill $!", "run hello", "memstats --check", "echo $?"]
        out, end, _ = self.run_script("\n".join(script))
        self.assertEqual(end.status, 0)
        self.assertEqual(len(re.findall(r"(?m)^check: ok\n0$", out)), 3, out)
        tables = figures(out)
        self.assertEqual(len(tables), 3)
        for table in tables:
            uses = ("free", "kernel", "tables", "user")
            self.assertEqual(sum(table[use] for use in uses), table["total"])
            self.assertLessEqual(table["charged"], table["quota"])
        before, during, after = tables
        self.assertEqual(before, after)
        self.assertGreater(before["free"], during["free"])
        self.assertGreater(during["charged"], before["charged"])

    def test_map(self):
        """memstats --frames shows where free, kernel's and apps' frames lie, to the last one."""
        out, _, _ = self.run_script("memstats --frames\nmemstats")
        part = int(re.search(r"each letter: (\d+) page frames", out)[1])
        rows = re.findall(r"(?m)^0x([0-9a-f]+)  ([-.ktu]+)$", out)
        self.assertEqual([int(start, 16) for start, _ in rows],
                         [i * 64 * part * 4096 for i in range(len(rows))])
        letters = "".join(row for _, row in rows)
        self.assertEqual(letters[0], "-")
        shown = letters.count(".") * part
        self.assertAlmostEqual(shown, figures(out)[0]["free"], delta=16 * part)

    def test_without_check(self):
        """memstats alone shows the five figures; another word is refused with its usage."""
        out, end, _ = self.run_script("memstats\nmemstats --chec")
        self.assertEqual(list(figures(out)[0]), ["total", "free", "kernel", "tables", "user"])
        self.assertTrue(out.endswith("usage: memstats [--check] [--frames]\n"), out)
        self.assertEqual(end.status, 2)


if __name__ == "__main__":
    harness.main()
