# toolchain/cli/test_runs.py - runs test targets with Bazel and adds up their cases
from toolchain.cli import bazel, test_results
from toolchain.cli.errors import Broken
from toolchain.cli.progress import say, step

TESTS_RAN = (0, 3)  # all passed; some failed


class Totals:
    """The sum over targets and checks."""

    def __init__(self):
        self.passed = 0
        self.skipped = 0
        self.failures = []

    def add(self, where, result, note=""):
        """Adds a target's Result and says so."""
        self.passed += result.passed
        self.skipped += result.skipped
        self.failures += [(where, name, output) for name, output in result.failures]
        verdict = "FAIL" if result.failures else "ok  "
        cases = result.passed + len(result.failures) + result.skipped
        say(f"{verdict} {where}: {cases} case{'s' if cases != 1 else ''}{note}")

    def last_line(self):
        """`N passed, N failed`."""
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {len(self.failures)} failed{skipped}"


def run(targets, options, totals):
    """Runs the targets; adds each to the totals as it ends. Raises Broken if the build fails."""
    bazel.warn_if_disk_is_short()

    def on_event(event):
        if "testResult" in event:
            _add(event, totals)

    with step("building and running the tests"):
        status, _, complaint = bazel.call("test", ["--test_output=errors", *options, "--",
                                                   *targets], on_event)
    if status not in TESTS_RAN:
        raise Broken(f"the tests could not be built or run (bazel: {status})", complaint)


def _add(event, totals):
    label = event["id"]["testResult"]["label"]
    result = event["testResult"]
    log = ""
    for output in result.get("testActionOutput", []):
        if output["name"] == "test.log":
            with open(bazel.local_path(output["uri"]), encoding="utf-8", errors="replace") as file:
                log = file.read()
    seconds = int(result.get("testAttemptDurationMillis", 0)) / 1000
    note = " (unchanged)" if result.get("cachedLocally") else f", {seconds:.1f} s"
    status = result["status"]
    counted = test_results.read(label, status == "PASSED", log)
    if status not in ("PASSED", "FAILED"):
        note += f", {status.lower().replace('_', ' ')}"
    totals.add(label, counted, note)
