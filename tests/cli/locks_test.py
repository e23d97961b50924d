# tests/cli/locks_test.py - `lamina locks`: the scenario, its graph, and what goes wrong
import json
import os
import re
import stat
import tempfile
import types
import unittest
import xml.etree.ElementTree

from toolchain.cli.commands import locks
from toolchain.cli.errors import Broken, UsageError

SCENARIO = "toolchain/locks/scenario"
RANKS = {"user": 10, "filesystem": 20, "net": 30, "crypto": 40, "device": 50, "ipc": 60,
         "memory": 70, "scheduler": 80}


class LocksTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def program(self, text):
        """A program that stands in for the scenario."""
        path = os.path.join(self.folder, "program")
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n" + text)
        os.chmod(path, stat.S_IRWXU)
        return path

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def test_scenario(self):
        """The scenario has classes of all eight ranks, and every edge leads further in."""
        table, complaint = locks.observe(SCENARIO, self.folder)
        self.assertEqual(complaint, "")
        self.assertTrue(table.startswith("lock "))
        self.assertLessEqual(table.count("\n"), 11)
        graph = json.loads(self.read("locks.json"))
        levels = {each["name"]: each["level"] for each in graph["classes"]}
        self.assertEqual({level // 10 * 10 for level in levels.values()}, set(RANKS.values()))
        waits = {each["name"]: (each["wait"], each["recursive"]) for each in graph["classes"]}
        self.assertEqual(waits["session"], ("blocks", False))
        self.assertEqual(waits["inode"], ("blocks", False))
        self.assertEqual(waits["socket"], ("yields", True))
        self.assertEqual(waits["frame_map"], ("spins", False))
        self.assertEqual(waits["run_queue"], ("spins", False))
        pairs = {(edge["outer"], edge["inner"]) for edge in graph["edges"]}
        self.assertEqual(len(pairs), len(graph["edges"]))
        for outer, inner in pairs:
            self.assertLess(levels[outer], levels[inner])
        for pair in (("session", "directory"), ("inode", "socket"), ("socket", "keys"),
                     ("keys", "net_queue"), ("disk_queue", "mailbox"), ("frame_map", "frame_pool"),
                     ("frame_pool", "run_queue")):
            self.assertIn(pair, pairs)
        for edge in graph["edges"]:
            for site in (edge["held_at"], edge["taken_at"]):
                self.assertRegex(site, r"scenario\.cpp:\d+$")

    def test_dot_says_the_same(self):
        """DOT and JSON have the same edges, and the picture has every class."""
        locks.observe(SCENARIO, self.folder)
        graph = json.loads(self.read("locks.json"))
        drawn = re.findall(r'^  "(\w+)" -> "(\w+)"', self.read("locks.dot"), re.MULTILINE)
        self.assertEqual(drawn, [(edge["outer"], edge["inner"]) for edge in graph["edges"]])
        picture = xml.etree.ElementTree.fromstring(self.read("locks.svg"))
        texts = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")}
        self.assertEqual(texts, {each["name"] for each in graph["classes"]})

    def test_picture_leaves_out_what_follows(self):
        """Of A to B, B to C, A to C the picture has two arrows."""
        dot, svg = (os.path.join(self.folder, name) for name in ("a.dot", "a.svg"))
        with open(dot, "w", encoding="ascii") as file:
            file.write("digraph { a -> b; b -> c; a -> c; }\n")
        locks.draw(dot, svg)
        self.assertEqual(self.read("a.svg").count('class="edge"'), 2)

    def test_complaint(self):
        """What the validator reports is handed on, with the graph drawn all the same."""
        program = self.program("echo 'digraph { a; }' >$1/locks.dot; echo table; "
                               "echo reversed >&2; exit 1\n")
        self.assertEqual(locks.observe(program, self.folder), ("table\n", "reversed\n"))
        self.assertIn("<svg", self.read("locks.svg"))

    def test_broken(self):
        """A scenario that dies, or a graph that cannot be drawn, is told from a violation."""
        with self.assertRaises(Broken):
            locks.observe(self.program("exit 2\n"), self.folder)
        with self.assertRaises(Broken):
            locks.observe(self.program("echo 'digraph {' >$1/locks.dot\n"), self.folder)

    def test_folder(self):
        """A folder that is not there is wrong usage, before anything is built."""
        with self.assertRaises(UsageError):
            locks.run(types.SimpleNamespace(rest=[os.path.join(self.folder, "none")]))


if __name__ == "__main__":
    unittest.main()
