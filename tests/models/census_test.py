# tests/models/census_test.py - each memory order of the locks has a model that fails without it
"""Each step of a model has the label of a line of the headers, [spin-take], and each label has a
mutation. What the headers do with atomics is read from their text: see `Census`."""
import os
import pathlib
import re
import sys
import unittest

MODELS = pathlib.Path(os.path.realpath(__file__)).parent
HEADERS = MODELS.parent.parent / "include/lamina/sync"
sys.path.insert(0, str(MODELS))

from census import LABEL, MODELLED, Census, Model, labels  # noqa: E402


class Headers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.models = [Model(path) for path in MODELS.glob("*.pml")]
        cls.mutations = [what for model in cls.models for _, _, what in model.mutations]
        cls.headers = {name: (HEADERS / (name + ".hpp")).read_text(encoding="utf-8")
                       for name in MODELLED}
        cls.labels = {label for text in cls.headers.values() for label in labels(text)}

    def test_labels(self):
        """each step of a model names a line of a header, and each such line has its step"""
        self.assertGreater(len(self.labels), 20)
        self.assertEqual({label for model in self.models for label in labels(model.text)},
                         self.labels)
        self.assertEqual({label for path in HEADERS.glob("*.hpp")
                          for label in labels(path.read_text(encoding="utf-8"))}, self.labels)

    def test_each_label_has_a_mutation(self):
        """no line of the headers is labelled that a model does not try without"""
        self.assertEqual({label for what in self.mutations for label in labels(what)}, self.labels)

    def test_orders(self):
        """each order and each read-modify-write of the headers has the mutation without it"""
        orders, looks = set(), set()
        for name, text in self.headers.items():
            census = Census(name, text)
            self.assertEqual(census.problems, [])
            orders |= census.orders
            looks |= census.looks
            if name == "core_platform":  # what IMPLIED says of store_low_byte()
                self.assertIn(("spin-release", "release"), census.orders)
        self.assertGreater(len(orders), 15)
        without = [re.match(LABEL.pattern + r" without (\w+(?: if it fails)?)", what)
                   for what in self.mutations]
        self.assertEqual({(found[1], found[2]) for found in without if found}, orders)
        blind = {label for what, order in zip(self.mutations, without) if not order
                 for label in labels(what)}
        self.assertEqual(looks - blind, set())


class Rules(unittest.TestCase):
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
        self.assertEqual(census(2 * f"a.load({relaxed}); // [spin-x]\n"), (set(), 1))
        self.assertEqual(census("a->load(); // [spin-x]"), ({("spin-x", "seq_cst")}, 0))
        failing = f"a.compare_exchange_weak(b, c, {relaxed}, std::memory_order_acquire)"
        self.assertEqual(census(failing + "  // [spin-x]"),
                         ({("spin-x", "acquire if it fails")}, 0))
        self.assertEqual(census("a.lock_masked(); a.store_low_byte(0);"), (set(), 2))
        self.assertEqual(census("__atomic_load_n(a, __ATOMIC_ACQUIRE);  // [spin-x]"),
                         ({("spin-x", "acquire")}, 0))
        fence = "std::atomic_thread_fence(std::memory_order_acquire);"
        self.assertEqual(census(fence), (set(), 1))
        self.assertEqual(census(f"a.exchange(1, {relaxed});  // Relaxed: why."), (set(), 1))
        self.assertEqual(census(f"b = a.load({relaxed});"), (set(), 1))
        self.assertEqual(census(f"// Relaxed:\n// why.\nb = a.load({relaxed});"), (set(), 0))


if __name__ == "__main__":
    unittest.main()
