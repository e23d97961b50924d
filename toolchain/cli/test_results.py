# toolchain/cli/test_results.py - counts the test cases in the log of one test target
"""Understands what doctest, Unity and Python's unittest print. The target's own verdict rules: a
target that failed without a failed case (it crashed, or ran out of time) counts as one failure."""
import dataclasses
import re

TAIL_LINES = 60

_UNITY = re.compile(r"^(\d+) Tests (\d+) Failures (\d+) Ignored\s*$", re.MULTILINE)
_UNITY_FAIL = re.compile(r"^(\S+?):(\d+):([^:\n]+):FAIL(?::\s?(.*))?$", re.MULTILINE)
_DOCTEST = re.compile(r"^\[doctest\] test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed"
                      r"\s*\|\s*(\d+) skipped", re.MULTILINE)
_DOCTEST_CASE = re.compile(r"^TEST CASE:\s+(.*)$", re.MULTILINE)
_DOCTEST_BAR = "=" * 79
_UNITTEST = re.compile(r"^Ran (\d+) tests? in ", re.MULTILINE)
_UNITTEST_FAIL = re.compile(r"^(?:FAIL|ERROR): (\S+).*$", re.MULTILINE)
_UNITTEST_SKIPPED = re.compile(r"^(?:OK|FAILED) \(.*skipped=(\d+)", re.MULTILINE)


@dataclasses.dataclass
class Result:
    """The cases of one target. `failures` is a list of (name of the case, its output)."""

    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)
    skipped: int = 0


def read(label, succeeded, log):
    """The Result of a target from its verdict and its log."""
    log = re.sub(r"\x1b\[[0-9;]*m", "", log.replace("\r\n", "\n"))
    for reader in (_read_unity, _read_doctest, _read_unittest):
        result = reader(log)
        if result is not None:
            break
    else:
        result = Result(passed=1 if succeeded else 0)
    if succeeded and result.failures:
        # A test about failing tests shows their output too.
        result.passed += len(result.failures)
        result.failures = []
    if not succeeded and not result.failures:
        result.failures = [(label, _tail(log))]
    return result


def _read_unity(log):
    totals = _UNITY.findall(log)
    if not totals:
        return None
    ran, failed, ignored = (sum(column) for column in zip(*(map(int, row) for row in totals)))
    failures = [(name, f"{file}:{line}: {message or 'failed'}")
                for file, line, name, message in _UNITY_FAIL.findall(log)]
    return Result(ran - max(failed, len(failures)) - ignored, failures, ignored)


def _read_doctest(log):
    totals = _DOCTEST.findall(log)
    if not totals:
        return None
    _, passed, _, skipped = (sum(column) for column in zip(*(map(int, row) for row in totals)))
    failures = {}
    for block in log.split(_DOCTEST_BAR):
        name = _DOCTEST_CASE.search(block)
        if name and "ERROR" in block:
            failures[name[1]] = failures.get(name[1], "") + block.strip()
    return Result(passed, list(failures.items()), skipped)


def _read_unittest(log):
    totals = _UNITTEST.findall(log)
    if not totals:
        return None
    failures = {}
    for block in re.split(r"^={70}$", log, flags=re.MULTILINE)[1:]:
        name = _UNITTEST_FAIL.search(block)
        if name:
            text = re.split(r"^-{70}\nRan ", block, flags=re.MULTILINE)[0]
            failures[name[1]] = failures.get(name[1], "") + text.strip()
    skipped = sum(map(int, _UNITTEST_SKIPPED.findall(log)))
    return Result(max(0, sum(map(int, totals)) - len(failures) - skipped),
                  list(failures.items()), skipped)


def _tail(log):
    lines = log.rstrip("\n").split("\n")
    return "\n".join(lines[-TAIL_LINES:])
