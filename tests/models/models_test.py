# tests/models/models_test.py - spin finds the models of the locks right, and each mutation wrong
"""A model is searched completely, as it is and with each of its mutations (`#define NAME 3` before
`byte broken;`), which take one memory order or one second look out. It may have several scenes
(`#ifdef SCENE_NAME`): as it is it holds in all of them, and a mutation fails in one at least."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

MODELS = pathlib.Path(os.path.realpath(__file__)).parent
sys.path.insert(0, str(MODELS))

from census import Model  # noqa: E402


class Search:
    """A scene of a model as a program that searches its states."""

    def __init__(self, model, scene, folder):
        self.folder = folder
        self.run("/usr/bin/spin", "-a", *(["-D" + scene] if scene else []),
                 str(model.path))
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
        model = Model(MODELS / (name + ".pml"))
        self.assertTrue(any(what.startswith("no step") for _, _, what in model.mutations))
        self.assertEqual([number for _, number, _ in model.mutations],
                         list(range(1, len(model.mutations) + 1)))
        searches = []
        for scene in model.scenes:
            folder = tempfile.TemporaryDirectory()
            self.addCleanup(folder.cleanup)
            searches.append(Search(model, scene, folder.name))
            errors, output = searches[-1].errors(0)
            self.assertEqual(errors, 0, scene + output)
        for mutation, number, _ in model.mutations:
            with self.subTest(mutation=mutation):
                self.assertTrue(any(search.errors(number)[0] for search in searches))

    def test_spin_lock(self):
        """the spin lock: exclusion, no lost turn, bounded overtaking; each order and look counts"""
        self.check("spin_lock")

    def test_adaptive_mutex(self):
        """the mutex: exclusion, no lost wake-up, bounded overtaking; each order and look counts"""
        self.check("adaptive_mutex")

    def test_turnstile(self):
        """priorities go along a chain of three owners and come back; each step of it counts"""
        self.check("turnstile")

    def test_no_other(self):
        """every model that has mutations is searched"""
        tested = {name.removeprefix("test_") for name in dir(self)}
        for path in MODELS.glob("*.pml"):
            if Model(path).mutations:
                self.assertIn(path.stem, tested)


if __name__ == "__main__":
    unittest.main()
