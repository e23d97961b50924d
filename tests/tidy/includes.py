# tests/tidy/includes.py - who may include whom
"""The table stands in docs/architecture.md, in the block that starts with ```deps. A line

    exokernel/cap -> exokernel/core include/lamina

says what files in the folder on the left (and in folders below it that have no line of their own)
may include, besides each other. A name that ends in /* stands for every folder there. `arch` is the
folder that exists only on the include path: what is included as "arch/...", of each machine."""
import re

# What the table may not allow: from the first folder, only these.
DIRECTIONS = {
    "include": ("include",),
    "exokernel": ("arch", "exokernel", "include"),
    "arch": ("exokernel", "include"),
    "libos": ("libos", "include"),
    "apps": ("apps", "libos", "include"),
}

_MACHINES = ("x86_64", "host")
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def read_table(markdown):
    """{folder: folders it may include}. ValueError: no table, or a line that is none."""
    block = re.search(r"^```deps\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
    if not block:
        raise ValueError("docs/architecture.md has no block ```deps")
    table = {}
    for line in block[1].splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        left, arrow, right = line.partition("->")
        if not arrow or len(left.split()) != 1 or left.strip() in table:
            raise ValueError(f"bad line in the table: {line}")
        table[left.strip()] = right.split()
    return table


def table_problems(table):
    """What is wrong with the table itself: directions, unknown folders, circles."""
    for unit, targets in table.items():
        top = unit.split("/")[0]
        for target in targets:
            if target.split("/")[0] not in DIRECTIONS.get(top, ()):
                yield f"{unit} must not include {target}"
            if target not in table and not target.endswith("/*"):
                yield f"{unit} may include {target}, which has no line"
    yield from circles({unit: [t for u in targets for t in _expand(u, table) if t != unit]
                        for unit, targets in table.items()})


def _expand(name, table):
    if not name.endswith("/*"):
        return [name]
    return [unit for unit in table if unit.startswith(name[:-1])]


def circles(graph):
    """A message for each circle found in {node: nodes}."""
    state = {}

    def visit(node, path):
        state[node] = "open"
        for target in graph.get(node, ()):
            if state.get(target) == "open":
                yield "a circle: " + " -> ".join(path[path.index(target):] + [target])
            elif target not in state:
                yield from visit(target, path + [target])
        state[node] = "done"

    for node in graph:
        if node not in state:
            yield from visit(node, [node])


def arch_files(sources, paths):
    """The files of all machines that are included as "arch/..."."""
    names = {name for source in sources for name in _INCLUDE.findall(source.text)
             if name.startswith("arch/")}
    return {f"exokernel/arch/{machine}/{name.removeprefix('arch/')}"
            for name in names for machine in _MACHINES} & paths


def unit_of(path, table, arch=frozenset()):
    """(folder, name in the table) a file belongs to, or None. The longest name wins."""
    if path in arch:
        return ("arch", "arch") if "arch" in table else None
    fitting = []
    for unit in table:
        if unit.endswith("/*"):
            match = re.match(re.escape(unit[:-1]) + r"[^/]+(?=/)", path)
            if match:
                fitting.append((len(unit) - 1, match[0], unit))
        elif path.startswith(unit + "/"):
            fitting.append((len(unit), unit, unit))
    if not fitting:
        return None
    _, folder, unit = max(fitting)
    return folder, unit


def resolve(name, paths):
    """The file an include names: from the root, or one of the folders on the include path."""
    for prefix in ("", "include/", "exokernel/"):
        if prefix + name in paths:
            return prefix + name
    if name.startswith("arch/"):
        for machine in _MACHINES:
            path = f"exokernel/arch/{machine}/{name.removeprefix('arch/')}"
            if path in paths:
                return path
    return None


def _allowed(target, unit, own, table):
    folder, _ = target
    if folder == own:
        return True
    return any(folder == name or (name.endswith("/*") and folder.startswith(name[:-1]))
               for name in table[unit])


def include_problems(sources, table):
    """(path, line, what is wrong) of each include the table does not allow, and each circle."""
    paths = {source.path for source in sources}
    arch = arch_files(sources, paths)
    graph = {}
    for source in filter(lambda s: s.is_c_like, sources):
        top = source.path.split("/")[0]
        here = unit_of(source.path, table, arch)
        if top in DIRECTIONS and here is None:
            yield source.path, 1, "its folder has no line in the table of docs/architecture.md"
        for match in _INCLUDE.finditer(source.text):
            line = source.text.count("\n", 0, match.start(1)) + 1
            target = resolve(match[1], paths)
            graph.setdefault(source.path, []).append(target)
            if target is None:
                if not match[1].startswith(("toolchain/", "doctest/")):
                    yield source.path, line, f'no file "{match[1]}" from the root of the tree'
            elif target.startswith("tests/") and top != "tests":
                yield source.path, line, "nothing depends on tests/"
            elif here and top in DIRECTIONS:
                there = unit_of(target, table, arch)
                if there is None or not _allowed(there, here[1], here[0], table):
                    yield source.path, line, f"{here[0]} must not include {target}"
    for circle in circles({path: [t for t in targets if t] for path, targets in graph.items()}):
        yield circle.split(": ")[1].split(" ")[0], 1, circle
