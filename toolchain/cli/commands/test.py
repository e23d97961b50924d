# toolchain/cli/commands/test.py - `lamina test`: every test, and the bars
from toolchain.cli import bars, bazel, test_cases, test_runs
from toolchain.cli.commands import bench
from toolchain.cli.errors import TESTS_FAILED, Failure, UsageError
from toolchain.cli.test_results import Result
from toolchain.cli.test_runs import Totals

LONG_LIMIT_S = 3600
ALL_TESTS = "tests(//...)"
HOST_TESTS = "kind(cc_test, //...) except //tests/fuzz/..."
FUZZ_TESTS = "tests(//tests/fuzz/...)"
# By --sanitizer: Bazel's configuration of it (.bazelrc), and the tests.
SANITIZERS = {"address": ("asan", HOST_TESTS), "undefined": ("ubsan", HOST_TESTS),
              "thread": ("tsan", HOST_TESTS), "fuzzer": ("fuzz", FUZZ_TESTS)}
LONG_TESTS = r'attr(tags, "\blong\b", tests(//...))'


def run(arguments):
    """Returns 1 if a case failed."""
    name = arguments.rest[0] if arguments.rest else ""
    if arguments.list:
        return test_cases.print_list(name)
    totals = Totals()
    options = []
    if arguments.timeout or arguments.long:
        options.append(f"--test_timeout={int(arguments.timeout or LONG_LIMIT_S)}")
    if arguments.long:
        options += ["--test_env=LAMINA_LONG=1", "--local_test_jobs=1"]
        test_runs.run(_matching(LONG_TESTS, name), options, totals)
    elif arguments.sanitizer:
        _run_with(arguments.sanitizer, name, options, totals)
    elif name:
        test_runs.run(_matching(ALL_TESTS, name), options, totals)
    else:
        test_runs.run(["//..."], options, totals)
        _run_with("fuzzer", "", options, totals)
        _check_bars(totals)
    for where, case, output in totals.failures:
        print(f"FAILED {case} in {where}\n{output}\n")
    print(totals.last_line())
    return TESTS_FAILED if totals.failures else 0


def _run_with(sanitizer, name, options, totals):
    config, tests = SANITIZERS[sanitizer]
    test_runs.run(_matching(tests, name), [f"--config={config}", *options], totals)


def _matching(expression, name):
    labels = [label for label in bazel.query(expression).split() if name in label]
    if not labels:
        raise UsageError(f"no test has {name!r} in its name; `lamina test --list` shows them")
    return labels


def _check_bars(totals):
    rows = bars.read()
    try:
        values = bench.measure_rows(list(rows))
    except Failure as failure:
        why = f"{failure.message}\n{failure.detail}"
        totals.add("bench", Result(failures=[("bench", why)]))
        return
    for name, row in rows.items():
        complaint = bars.complaint(row, values[name])
        totals.add(f"bench {name}", Result(0 if complaint else 1,
                                           [(name, complaint)] if complaint else []),
                   f", {values[name]:,} {row['unit']}")
