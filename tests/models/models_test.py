# tests/models/models_test.py - spin finds the models of the locks right, and each mutation wrong
"""A model is searched completely, as it is and with each of its mutations (`#define NAME 3` before
`byte broken;`), which take one memory order or one second look out. Each step has the label of a
line of the headers, [spin-take]; the labels of both sides must agree."""
import pathlib
import re
import subprocess
import tempfile
import unittest

MODELS = pathlib.Path(__file__).parent
HEADERS = MODELS.parent.parent / "include/lamina/sync"
LABEL = re.compile(r"\[((?:spin|mutex|turnstile)-[a-z-]+)\]")


def labels(paths):
    return {label for path in paths for label in LABEL.findall(path.read_text(encoding="utf-8"))}


class Search:
    """A model as a program that searches its states."""

    def __init__(self, model, folder):
        self.folder = folder
        self.run("/usr/bin/spin", "-a", str(model.resolve()))
        self.run("/usr/bin/gcc", "-O1", "-w", "-DSAFETY", "-DVECTORSZ=1024", "-o", "pan", "pan.c")

    def run(self, *command, broken=0):
        done = subprocess.run(command, cwd=self.folder,
                              env={"PATH": "/usr/bin:/bin", "BROKEN": str(broken)},
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{command[0]}: {done.stdout}{done.stderr}")
        return done.stdout

    def errors(self, broken):
        """(errors, what the search says). It stops at the first; without one it is complete."""
        output = self.run("./pan", "-m100000", "-w22", broken=broken)
        found = int(re.search(r"errors: (\d+)", output)[1])
        if not found and ("Search not completed" in output or "too small" in output):
            raise AssertionError(output)
        return found, output


class Models(unittest.TestCase):
    def check(self, name):
        model = MODELS / (name + ".pml")
        head = model.read_text(encoding="utf-8").split("byte broken;")[0]
        mutations = re.findall(r"^#define (\w+) +(\d+) +/\* ", head, re.MULTILINE)
        self.assertGreater(len(mutations), 3)
        self.assertEqual([int(number) for _, number in mutations],
                         list(range(1, len(mutations) + 1)))
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        search = Search(model, folder.name)
        errors, output = search.errors(0)
        self.assertEqual(errors, 0, output)
        for mutation, number in mutations:
            with self.subTest(mutation=mutation):
                self.assertEqual(search.errors(int(number))[0], 1)

    def test_spin_lock(self):
        """the spin lock: exclusion, no lost turn, bounded overtaking; each order and look counts"""
        self.check("spin_lock")

    def test_adaptive_mutex(self):
        """the mutex: exclusion, no lost wake-up, bounded overtaking; each order and look counts"""
        self.check("adaptive_mutex")

    def test_turnstile(self):
        """priorities go along a chain of three owners and come back; each step of it counts"""
        self.check("turnstile")

    def test_labels(self):
        """each step of a model names a line of a header, and each such line has its step"""
        in_models = labels(MODELS.glob("*.pml"))
        in_headers = labels(HEADERS.glob("*.hpp"))
        self.assertGreater(len(in_headers), 20)
        self.assertEqual(in_models, in_headers)


if __name__ == "__main__":
    unittest.main()
