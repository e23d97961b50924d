# tests/models/models_test.py - spin finds the models of the locks right, and each mutation wrong
"""A model is searched completely, as it is and with each of its mutations (`#define NAME 3` before
`byte broken;`), which take one memory order or one second look out. It may have several scenes
(`#ifdef SCENE_NAME`): as it is it holds in all of them, and a mutation fails in one at least.

Each step has the label of a line of the headers, [spin-take], and each label a mutation. What the
headers do with atomics is read from their text: see `Census`."""
import pathlib
import re
import subprocess
import tempfile
import unittest

MODELS = pathlib.Path(__file__).parent
HEADERS = MODELS.parent.parent / "include/lamina/sync"
# What the census is taken of; other headers have no label.
MODELLED = ("spin_lock", "spin_queue", "turnstile", "blocking_lock")
LABEL = re.compile(r"\[((?:spin|mutex|turnstile)-[a-z-]+)\]")


def labels(text):
    return set(LABEL.findall(text))


class Model:
    """The text of a model: its mutations, its scenes."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        head, found, _ = self.text.partition("byte broken;")
        mutations = re.findall(r"^#define (\w+) +(\d+) +/\* (.*) \*/$", head, re.MULTILINE)
        self.mutations = [(name, int(number), what) for name, number, what in mutations if found]
        scenes = re.findall(r"^#ifdef (SCENE_\w+)", self.text, re.MULTILINE)
        self.scenes = [""] + sorted(set(scenes))


class Search:
    """A scene of a model as a program that searches its states."""

    def __init__(self, model, scene, folder):
        self.folder = folder
        self.run("/usr/bin/spin", "-a", *(["-D" + scene] if scene else []),
                 str(model.path.resolve()))
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


class Census:
    """The atomic operations of a header.

    - Each that orders others (acquire, release ...) has a label, at the end of the line its call
      ends on, and so has each that looks at what it changes: a read-modify-write, a lock.
    - Each other has a label, or a comment before it or beside it that says why it is `Relaxed`.

    `orders` is what the labelled ones ask for: {("spin-leave", "acquire if it fails")}; `looks` has
    the labels of those that look; `problems` says what has no label and needs one."""

    OPERATION = re.compile(r"[.>](load|store|store_low_byte|exchange|compare_exchange_weak|"
                           r"compare_exchange_strong|fetch_\w+|lock_masked|unlock_masked)\(|"
                           r"\batomic_\w+_fence\(")
    LOOKS = re.compile(r"exchange|fetch_|\block_masked")
    ORDER = re.compile(r"memory_order_(\w+)")
    IMPLIED = {"store_low_byte": "release", "lock_masked": "acquire", "unlock_masked": "release"}
    HALVES = {"relaxed": (), "acq_rel": ("acquire", "release")}

    def __init__(self, name, text):
        self.name = name
        self.lines = text.splitlines()
        # Without comments, each character where it was.
        self.code = re.sub(r"//.*", lambda found: " " * len(found[0]), text)
        self.orders, self.looks, self.problems = set(), set(), []
        for operation in self.OPERATION.finditer(self.code):
            self.take(operation)

    def take(self, operation):
        end = self.end_of_call(operation.end())
        first, last = (self.code.count("\n", 0, at) for at in (operation.start(), end))
        label = LABEL.search(self.lines[last])
        halves = self.halves(operation[1], self.code[operation.end():end])
        looks = self.LOOKS.search(operation[0])
        if label:
            self.orders |= {(label[1], half) for half in halves}
            self.looks |= {label[1]} if looks else set()
        elif halves or looks:
            self.problems.append(f"{self.name}:{last + 1}: {operation[0]}...) has no label")
        elif "Relaxed" not in self.comment(first, last):
            self.problems.append(f"{self.name}:{last + 1}: nothing says why it may be relaxed")

    def end_of_call(self, at):
        depth = 1
        while depth > 0:
            depth += {"(": 1, ")": -1}.get(self.code[at], 0)
            at += 1
        return at

    def halves(self, name, arguments):
        orders = self.ORDER.findall(arguments) or [self.IMPLIED.get(name, "seq_cst")]
        halves = set(self.HALVES.get(orders[0], (orders[0],)))
        # The second order of a compare-and-swap is for when it fails.
        return halves | {order + " if it fails" for order in orders[1:] if order != "relaxed"}

    def comment(self, first, last):
        """The comments on these lines, and those on lines of their own before them."""
        while first > 0 and self.lines[first - 1].lstrip().startswith("//"):
            first -= 1
        return "".join(line.partition("//")[2] for line in self.lines[first:last + 1])


class Models(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.models = {path.stem: Model(path) for path in MODELS.glob("*.pml")}
        cls.mutations = [what for model in cls.models.values() for _, _, what in model.mutations]
        cls.headers = {name: (HEADERS / (name + ".hpp")).read_text(encoding="utf-8")
                       for name in MODELLED}

    def check(self, name):
        model = self.models[name]
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

    def test_labels(self):
        """each step of a model names a line of a header, and each such line has its step"""
        in_models = {label for model in self.models.values() for label in labels(model.text)}
        in_headers = {label for path in HEADERS.glob("*.hpp")
                      for label in labels(path.read_text(encoding="utf-8"))}
        self.assertGreater(len(in_headers), 20)
        self.assertEqual(in_models, in_headers)
        self.assertEqual(in_headers, {label for text in self.headers.values()
                                      for label in labels(text)})

    def test_each_label_has_a_mutation(self):
        """no line of the headers is labelled that a model does not try without"""
        in_headers = {label for text in self.headers.values() for label in labels(text)}
        self.assertEqual({label for what in self.mutations for label in labels(what)}, in_headers)

    def test_orders(self):
        """each order and each read-modify-write of the headers has the mutation without it"""
        orders, looks = set(), set()
        for name, text in self.headers.items():
            census = Census(name, text)
            self.assertEqual(census.problems, [])
            orders |= census.orders
            looks |= census.looks
        self.assertGreater(len(orders), 15)
        without = [re.match(LABEL.pattern + r" without (\w+(?: if it fails)?)", what)
                   for what in self.mutations]
        self.assertEqual({(found[1], found[2]) for found in without if found}, orders)
        blind = {label for what, order in zip(self.mutations, without) if not order
                 for label in labels(what)}
        self.assertEqual(looks - blind, set())

    def test_census(self):
        """the census sees an operation without a label, an order and a fence"""
        def census(text):
            taken = Census("it", text)
            return taken.orders, len(taken.problems)
        relaxed = "std::memory_order_relaxed"
        both = "a.exchange(b(),\n  std::memory_order_acq_rel))"
        self.assertEqual(census(both + " return; // [spin-x]"),
                         ({("spin-x", "acquire"), ("spin-x", "release")}, 0))
        self.assertEqual(census("// [spin-x]\n" + both), (set(), 1))
        self.assertEqual(census("a->load(); // [spin-x]"), ({("spin-x", "seq_cst")}, 0))
        failing = f"a.compare_exchange_weak(b, c, {relaxed}, std::memory_order_acquire)"
        self.assertEqual(census(failing + "  // [spin-x]"),
                         ({("spin-x", "acquire if it fails")}, 0))
        self.assertEqual(census("a.lock_masked(); a.store_low_byte(0);"), (set(), 2))
        fence = "std::atomic_thread_fence(std::memory_order_acquire);"
        self.assertEqual(census(fence), (set(), 1))
        self.assertEqual(census(f"a.exchange(1, {relaxed});  // Relaxed: why."), (set(), 1))
        self.assertEqual(census(f"b = a.load({relaxed});"), (set(), 1))
        self.assertEqual(census(f"// Relaxed:\n// why.\nb = a.load({relaxed});"), (set(), 0))


if __name__ == "__main__":
    unittest.main()
