# tests/models/census.py - what the texts of the models and of the headers say of each other
import re

# Headers whose lines the models have steps of.
MODELLED = ("core_platform", "spin_core", "spin_queue", "numa_order", "turnstile",
            "blocking_lock")
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


class Census:
    """The atomic operations of a header.

    - Each that orders others (acquire, release ...) has a label, at the end of the line its call
      ends on, and so has each that looks at what it changes: a read-modify-write, a lock.
    - Each other has a label, or a comment before it or beside it that says why it is `Relaxed`.

    `orders` is what the labelled ones ask for: {("spin-leave", "acquire if it fails")}; `looks` has
    the labels of those that look; `problems` says what has no label and needs one."""

    OPERATION = re.compile(r"[.>](load|store|store_low_byte|exchange|compare_exchange_weak|"
                           r"compare_exchange_strong|fetch_\w+|lock_masked|unlock_masked)\(|"
                           r"\batomic_\w+_fence\(|\b__(atomic|sync)_\w+\(")
    LOOKS = re.compile(r"exchange|fetch_|\block_masked")
    ORDER = re.compile(r"(?:memory_order_|__ATOMIC_)(\w+)")
    IMPLIED = {"store_low_byte": "release", "lock_masked": "acquire", "unlock_masked": "release"}
    HALVES = {"relaxed": (), "acq_rel": ("acquire", "release")}

    def __init__(self, name, text):
        self.name = name
        self.lines = text.splitlines()
        # Without comments, each character where it was.
        self.code = re.sub(r"//.*", lambda found: " " * len(found[0]), text)
        self.orders, self.looks, self.labelled, self.problems = set(), set(), set(), []
        for operation in self.OPERATION.finditer(self.code):
            self.take(operation)

    def take(self, operation):
        end = self.end_of_call(operation.end())
        first, last = (self.code.count("\n", 0, at) for at in (operation.start(), end))
        label = LABEL.search(self.lines[last])
        halves = self.halves(operation[1], self.code[operation.end():end])
        looks = self.LOOKS.search(operation[0])
        if label and label[1] in self.labelled:
            self.problems.append(f"{self.name}:{last + 1}: {label[0]} is another operation's")
        elif label:
            self.labelled.add(label[1])
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
        orders = [order.lower() for order in self.ORDER.findall(arguments)]
        orders = orders or [self.IMPLIED.get(name, "seq_cst")]
        halves = set(self.HALVES.get(orders[0], (orders[0],)))
        # The second order of a compare-and-swap is for when it fails.
        return halves | {order + " if it fails" for order in orders[1:] if order != "relaxed"}

    def comment(self, first, last):
        """The comments on these lines, and those on lines of their own before them."""
        while first > 0 and self.lines[first - 1].lstrip().startswith("//"):
            first -= 1
        return "".join(line.partition("//")[2] for line in self.lines[first:last + 1])
