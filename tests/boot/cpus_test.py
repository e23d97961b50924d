# tests/boot/cpus_test.py - the image on several processors
import re

from tests.boot import harness

COUNTS = (2, 4, 8)


class CpusTest(harness.BootTest):
    def test_the_bar_line(self):
        """The script of the one-processor test gives the same on every number of processors, and
        all of them run."""
        for cpus in COUNTS:
            with self.subTest(cpus=cpus):
                out, end, log = self.run_script(
                    "run hello\nrun crash_demo null\nrun hello\nrun hello", cpus=cpus)
                self.assertEqual(end.status, 0)
                self.assertRegex(out, r"hello from env [0-9]+\nenv [0-9]+ crash_demo: page fault "
                                 r"write at 0x0, rip 0x[0-9a-f]+ \(crash_null\+0x[0-9a-f]+\)\n"
                                 r"hello from env [0-9]+\nhello from env [0-9]+\n\Z")
                self.assertIn(f"processors {cpus}, used {cpus}", log)

    def test_placed_on_all(self):
        """Apps are spread over the processors; those that loop do not keep the others from
        running, and are ended from another processor."""
        for cpus in COUNTS:
            with self.subTest(cpus=cpus):
                loops = "run crash_demo loop &\n" * cpus
                kills = "".join(f"kill {3 + i}\n" for i in range(cpus))
                out, end, _ = self.run_script(f"{loops}ps\nrun hello\n{kills}run hello\nps",
                                              cpus=cpus)
                self.assertEqual(end.status, 0)
                homes = re.findall(r"(?m)^ +\d+ +2 +(\d+) .*crash_demo$", out)
                self.assertEqual(sorted(homes), [str(cpu) for cpu in range(cpus)])
                self.assertEqual(out.count("hello from env"), 2)
                self.assertEqual(out.count("crash_demo: killed"), cpus)

    def test_frames_come_back(self):
        """Ends on other processors free everything: the free frames are as before."""
        def free(text):
            return [int(frames) for frames in re.findall(r"(?m)^free +(\d+)", text)]

        apps = "run hello\nrun crash_demo stack\nrun crash_demo div\n" * 4
        out, end, _ = self.run_script(f"{apps}memstats\n{apps}memstats", cpus=4)
        self.assertEqual(end.status, 0)
        before, after = free(out)
        self.assertEqual(before, after)


if __name__ == "__main__":
    harness.main()
