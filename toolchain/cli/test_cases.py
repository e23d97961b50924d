# toolchain/cli/test_cases.py - lists every test case with the rule it checks
"""The rule of a doctest case is its name; that of a Unity case the comment above it, of a Python
case the first paragraph of its docstring, and without that the name itself."""
import ast
import collections
import re
import xml.etree.ElementTree

from toolchain.cli import bars, bazel
from toolchain.cli.places import ROOT

_DOCTEST = re.compile(r'^\s*(?:TEST_CASE|SCENARIO)(?:_\w+)?\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)',
                      re.MULTILINE)
_UNITY = re.compile(r"((?:^[ \t]*//[^\n]*\n)+)[^\n]*?\b(?:void\s+(test_\w+)\(|"
                    r"LAMINA_TEST\((\w+)\))", re.MULTILINE)
_UNITY_PLAIN = re.compile(r"\b(?:void\s+(test_\w+)\(|LAMINA_TEST\((\w+)\))")


def print_list(name=""):
    """Prints `target: case: rule` for each case of the targets that have `name` in their label."""
    count = targets = 0
    for label, sources in sorted(_sources_of_tests().items()):
        if name not in label:
            continue
        targets += 1
        for source in sources:
            for case, rule in cases_of(source, (ROOT / source).read_text(encoding="utf-8")):
                count += 1
                print(f"{label}: {case}: {rule}")
    if not name:
        for row, values in bars.read().items():
            count += 1
            limit = values.get("bar", values["recorded"])
            print(f"bench: {row}: at most {limit:,} {values['unit']}: {values['what']}")
    print(f"{count} cases in {targets} target{'s' if targets != 1 else ''}")
    return 0


def cases_of(path, text):
    """(case, rule) of each test case in a source file."""
    if path.endswith(".py"):
        return _python_cases(text)
    found = [("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', names)),) * 2
             for names in _DOCTEST.findall(text)]
    if found:
        return [(f"{path.rsplit('/', 1)[-1]}", rule) for _, rule in found]
    rules = {first or second: _sentence(comment)
             for comment, first, second in _UNITY.findall(text)}
    names = dict.fromkeys(first or second for first, second in _UNITY_PLAIN.findall(text))
    return [(case, rules.get(case, _words(case))) for case in names]


def _python_cases(text):
    cases = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            rule = (ast.get_docstring(node) or _words(node.name)).split("\n\n")[0]
            cases.append((node.name, " ".join(rule.split())))
    return cases


def _words(name):
    return name.removeprefix("test_").replace("_", " ")


def _sentence(comment):
    return " ".join(line.strip().lstrip("/").strip() for line in comment.strip().split("\n"))


def _sources_of_tests():
    """{label: source files} of every test. What a macro made belongs together: the sources of a
    test inside the image are those of the app which the test boots."""
    rules = xml.etree.ElementTree.fromstring(
        bazel.query("//...", output="xml").encode()).findall("rule")
    made_by = collections.defaultdict(list)
    for rule in rules:
        made_by[_maker(rule)] += _files(rule)
    return {rule.get("name"): list(dict.fromkeys(made_by[_maker(rule)]))
            for rule in rules if rule.get("class").endswith("_test")}


def _maker(rule):
    package = rule.get("name").partition(":")[0]
    made = rule.find("string[@name='generator_name']")
    return package, made.get("value") if made is not None else rule.get("name")


def _files(rule):
    labels = [label.get("value") for label in rule.findall("list[@name='srcs']/label")]
    paths = [label.lstrip("/").replace(":", "/").lstrip("/") for label in labels
             if label.startswith("//")]
    return [path for path in paths
            if path.endswith((".py", ".cpp")) and (ROOT / path).is_file()]
