# tests/cli/set_up_test.py - the set-up: what it installs, when it asks, when it refuses
"""The machine is a folder of stand-ins for apt-get, sudo and id, in front of the real tools."""
import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import unittest

TREE = pathlib.Path(os.getcwd())
TOOLS = "cat dirname grep id mktemp readlink rm sed sh sleep sort tail tr".split()
APT_GET = """#!/bin/sh
echo "apt-get $*" >>"{log}"
case "$*" in *--assume-no*) echo 'Need to get 12 MB of archives.'; exit 1 ;; esac
case "$*" in *' install '*) {effect} ;; esac
"""


class SetUpTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        self.folder = pathlib.Path(folder)
        self.tree = self.folder / "tree"
        self.tree.joinpath("toolchain").mkdir(parents=True)
        shutil.copy(TREE / "lamina", self.tree)
        shutil.copy(TREE / "toolchain/version.txt", self.tree / "toolchain")
        shutil.copytree(TREE / "toolchain/cli", self.tree / "toolchain/cli")
        self.proof = self.folder / "proof"
        self.log = self.folder / "calls"
        self.tree.joinpath("toolchain/packages.txt").write_text(
            f"# comment\n[run]\npython3 /usr/bin/python3\nalpha {self.proof} /bin/sh\n"
            f"[test]\nbeta {self.folder}/other\n[gdb]\n", encoding="ascii")
        self.path = self.folder / "bin"
        self.path.mkdir()
        for tool in TOOLS:
            self.path.joinpath(tool).symlink_to(shutil.which(tool))

    def stand_in(self, name, text):
        """Puts a program on the machine's path."""
        path = self.path / name
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="ascii")
        path.chmod(0o755)

    def machine(self, user=0, apt=True, sudo=False, effect=None):
        """Makes the machine: who the user is, and which tools there are."""
        self.stand_in("id", f"#!/bin/sh\necho {user}\n")
        if apt:
            effect = effect or f'echo >"{self.proof}"'
            self.stand_in("apt-get", APT_GET.format(log=self.log, effect=effect))
        if sudo:
            self.stand_in("sudo", f'#!/bin/sh\necho "sudo $*" >>"{self.log}"\n'
                          'case $1 in -v) exit 0 ;; esac\nexec "$@"\n')

    def set_up(self, command, *words, **options):
        """(exit status, what was said)."""
        options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run([str(self.tree / "lamina"), "--set-up", command, *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={"PATH": str(self.path), "TMPDIR": str(self.folder)},
                              check=False, **options)
        return done.returncode, done.stdout

    def calls(self):
        """What was called of apt-get and sudo."""
        return self.log.read_text(encoding="ascii") if self.log.exists() else ""

    def test_nothing_missing(self):
        """If every file is there neither apt-get nor sudo is called, and nothing is said."""
        self.machine(user=1000, sudo=True)
        self.proof.touch()
        self.assertEqual(self.set_up("run"), (0, ""))
        self.assertEqual(self.calls(), "")

    def test_root_installs_without_asking(self):
        """root: packages and size are shown, the command's own packages are installed."""
        self.machine()
        status, said = self.set_up("run")
        self.assertEqual(status, 0, said)
        self.assertIn("alpha", said)
        self.assertIn("12 MB", said)
        self.assertRegex(self.calls(), r"install -y --no-install-recommends alpha\n")
        self.assertNotIn("beta", self.calls())

    def test_test_needs_both_sections(self):
        """test installs the packages of run and of test."""
        self.machine(effect=f'echo >"{self.proof}"; echo >"{self.folder}/other"')
        self.assertEqual(self.set_up("test")[0], 0)
        self.assertIn("--no-install-recommends alpha beta", self.calls())

    def test_no_install(self):
        """--no-install: nothing is called, the package and the command are named, exit 3."""
        self.machine()
        status, said = self.set_up("run", "--no-install")
        self.assertEqual((status, self.calls()), (3, ""))
        self.assertIn("missing packages: alpha\n", said)
        self.assertIn("apt-get install --no-install-recommends alpha\n", said)

    def test_no_apt(self):
        """Without apt: nothing is changed, the package is named, exit 3."""
        self.machine(apt=False)
        status, said = self.set_up("run")
        self.assertEqual(status, 3)
        self.assertIn("missing packages: alpha\n", said)

    def test_user_without_sudo(self):
        """A user without sudo: exit 3, with the command to paste."""
        self.machine(user=1000)
        status, said = self.set_up("run", "--yes")
        self.assertEqual((status, self.calls()), (3, ""))
        self.assertIn("sudo apt-get install --no-install-recommends alpha\n", said)

    def test_user_with_sudo_but_no_terminal(self):
        """Without a terminal nobody can be asked: exit 3; with --yes it installs."""
        self.machine(user=1000, sudo=True)
        self.assertEqual((self.set_up("run")[0], self.calls()), (3, ""))
        self.assertEqual(self.set_up("run", "--yes")[0], 0)
        self.assertIn("sudo apt-get", self.calls())

    def test_user_is_asked_once(self):
        """On a terminal the command is shown and asked for once; no changes nothing."""
        for answer, expected in ((b"n\n", 3), (b"y\n", 0), ):
            self.machine(user=1000, sudo=True)
            user, terminal = pty.openpty()
            os.write(user, answer)
            child = subprocess.Popen([str(self.tree / "lamina"), "--set-up", "run"],
                                     stdin=terminal, stderr=terminal,
                                     env={"PATH": str(self.path), "TMPDIR": str(self.folder)})
            self.assertEqual(child.wait(60), expected)
            os.close(terminal)
            said = os.read(user, 65536).decode()
            os.close(user)
            self.assertEqual(said.count("[Y/n]"), 1)
            self.assertEqual("install -y" in self.calls(), expected == 0)

    def test_failed_install(self):
        """If apt-get fails its last lines are shown; if it lies that is found. Exit 3."""
        self.machine(effect="echo 'E: broken'; exit 100")
        status, said = self.set_up("run")
        self.assertEqual(status, 3)
        self.assertIn("E: broken", said)
        self.machine(effect="exit 0")
        status, said = self.set_up("run")
        self.assertEqual(status, 3)
        self.assertIn("alpha", said)

    def test_whole_tool(self):
        """A command whose packages are missing exits with 3 before it does anything; commands
        that need none work; a wrong command line is found before the set-up."""
        self.machine(user=1000)
        for words, expected in ((("shell", "-c", "version", "--no-install"), 3),
                                (("--version",), 0), (("run", "--cups"), 2)):
            done = subprocess.run([str(self.tree / "lamina"), *words], capture_output=True,
                                  text=True, env={"PATH": str(self.path)}, check=False)
            self.assertEqual(done.returncode, expected, done.stderr)
            self.assertEqual("alpha" in done.stderr, expected == 3)


if __name__ == "__main__":
    unittest.main()
