# tests/cli/processes_test.py - children of the tool end with it, and their children too
import os
import select
import signal
import subprocess
import sys
import unittest

from toolchain.cli import processes

LIMIT_S = 30


def ends(pipe):
    """True once every process that holds the other end of the pipe has ended."""
    return bool(select.select([pipe], [], [], LIMIT_S)[0]) and os.read(pipe, 1) == b""


class ProcessesTest(unittest.TestCase):
    def setUp(self):
        self.ours, self.theirs = os.pipe()
        self.addCleanup(os.close, self.ours)

    def close_theirs(self):
        """Leaves the writing end to the children."""
        os.close(self.theirs)

    def test_group_is_stopped(self):
        """At the end of the body a child and its child have ended."""
        script = "sleep 1000 & echo ready; wait"
        with processes.running(["sh", "-c", script], stdout=subprocess.PIPE,
                               pass_fds=[self.theirs]) as child:
            self.close_theirs()
            self.assertEqual(child.stdout.readline(), b"ready\n")
        child.stdout.close()
        self.assertTrue(ends(self.ours))

    def test_stubborn_child_is_killed(self):
        """A child that ignores the polite signal is killed."""
        child = processes.start(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"],
                                stdout=subprocess.PIPE)
        self.close_theirs()
        self.assertEqual(child.stdout.readline(), b"ready\n")
        processes.stop(child, grace_s=0.1)
        child.stdout.close()
        self.assertEqual(child.returncode, -signal.SIGKILL)

    def test_child_dies_with_the_tool(self):
        """If the tool is killed outright, its child ends."""
        program = ("from toolchain.cli import processes; import sys, time\n"
                   "processes.start(['sleep', '1000'], pass_fds=[int(sys.argv[1])])\n"
                   "print('ready', flush=True)\n"
                   "sys.stdin.read()\n")
        tool = subprocess.Popen([sys.executable, "-c", program, str(self.theirs)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                pass_fds=[self.theirs],
                                env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
        self.close_theirs()
        self.assertEqual(tool.stdout.readline(), b"ready\n")
        tool.kill()
        tool.communicate()
        self.assertTrue(ends(self.ours))


if __name__ == "__main__":
    unittest.main()
