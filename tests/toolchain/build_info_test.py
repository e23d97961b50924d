# tests/toolchain/build_info_test.py - what the build says about its commit, branch and cleanness
import os
import pathlib
import subprocess
import tempfile
import unittest


class WorkspaceStatus(unittest.TestCase):
    """Runs the script Bazel runs, in folders of its own."""

    def setUp(self):
        self.script = os.path.abspath(os.environ["WORKSPACE_STATUS"])
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": scratch.name,
                            "GIT_CEILING_DIRECTORIES": str(self.folder.parent)}

    def git(self, *words):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True,
                       cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL)

    def status(self, **environment):
        out = subprocess.run(["/bin/sh", self.script], check=True, text=True, cwd=self.folder,
                             env=self.environment | environment, stdout=subprocess.PIPE).stdout
        return dict(line.removeprefix("STABLE_LAMINA_").split(" ", 1)
                    for line in out.splitlines())

    def test_no_checkout(self):
        """A folder that is no checkout builds, with unknown commit and branch."""
        self.assertEqual(self.status(), {"COMMIT": "unknown", "BRANCH": "unknown", "DIRTY": "no"})

    def test_no_git(self):
        """Without git it is the same."""
        self.assertEqual(self.status(PATH="/nowhere")["COMMIT"], "unknown")

    def test_inside_another_checkout(self):
        """A copy inside some other checkout does not take that one's commit."""
        self.git("init", "-q")
        self.git("commit", "-q", "--allow-empty", "-m", "a")
        self.folder = self.folder / "copy"
        self.folder.mkdir()
        self.assertEqual(self.status()["COMMIT"], "unknown")

    def test_checkout(self):
        """Commit and branch are git's; a changed file makes it dirty."""
        self.git("init", "-q", "-b", "trunk")
        (self.folder / "a").write_text("1", encoding="ascii")
        self.git("add", "a")
        self.git("commit", "-q", "-m", "a")
        clean = self.status()
        self.assertRegex(clean["COMMIT"], "^[0-9a-f]{40}$")
        self.assertEqual((clean["BRANCH"], clean["DIRTY"]), ("trunk", "no"))
        (self.folder / "a").write_text("2", encoding="ascii")
        self.assertEqual(self.status(), dict(clean, DIRTY="yes"))

    def test_branch_without_commit(self):
        """A checkout before its first commit has no commit to name."""
        self.git("init", "-q")
        self.assertEqual(self.status()["COMMIT"], "unknown")


if __name__ == "__main__":
    unittest.main()
