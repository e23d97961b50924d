# tests/boot/policies_test.py - apps that bring their own policies: paging, heaps
import re

from tests.boot import harness

PAGES = 64 * 1024 * 1024 // 4096
FRAMES = 4 * 1024 * 1024 // 4096


class PoliciesTest(harness.BootTest):
    def test_pager_demo(self):
        """64 MiB of contents under a 4 MiB account: checksum, faults and evictions are right."""
        out, end, _ = self.run_script("run pager_demo")
        self.assertEqual(end.status, 0, out)
        found = re.fullmatch(
            r"pager_demo: (\d+) pages in (\d+) frames, checksum 0x[0-9a-f]+ is right\n"
            r"pager_demo: (\d+) faults, (\d+) evictions\n", out)
        self.assertIsNotNone(found, out)
        pages, frames, faults, evictions = map(int, found.groups())
        self.assertEqual(pages, PAGES)
        self.assertLessEqual(frames, FRAMES)
        self.assertGreater(frames, FRAMES - 16)
        self.assertGreater(faults, PAGES)
        self.assertEqual(faults - evictions, frames)
        # Pages that are touched again while they are there do not fault.
        self.assertLess(faults, PAGES + 20_000)

    def test_two_policies(self):
        """The same program does the same with either set, at another price."""
        out, end, _ = self.run_script("run two_policies")
        self.assertEqual(end.status, 0, out)
        lines = dict(line.split(": ", 1) for line in out.splitlines())
        eager, lazy = lines["policy_bump_eager"], lines["policy_first_fit_lazy"]
        pattern = r"sum (\d+); heap (\d+) KiB held; pager (\d+) of 1024 pages, (\d+) faults"
        eager_sum, eager_heap, eager_frames, eager_faults = re.fullmatch(pattern, eager).groups()
        lazy_sum, lazy_heap, lazy_frames, lazy_faults = re.fullmatch(pattern, lazy).groups()
        self.assertEqual(eager_sum, lazy_sum)
        self.assertEqual((eager_frames, eager_faults), ("1024", "0"))
        self.assertEqual((lazy_frames, lazy_faults), ("64", "64"))
        self.assertGreater(int(eager_heap), int(lazy_heap))


if __name__ == "__main__":
    harness.main()
