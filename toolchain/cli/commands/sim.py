# toolchain/cli/commands/sim.py - `lamina sim`: the kernel on the simulated machine, seed by seed
import os
import time

from toolchain.cli import bazel, simulation
from toolchain.cli.errors import TESTS_FAILED, Broken
from toolchain.cli.progress import step

TARGET = "//tests/sim:sim"
FILE = "tests/sim/sim"
STEPS = 100_000


def run(arguments):
    """Prints what was found, or steps per second; returns 1 if something was found."""
    program = _build()
    first = 1 if arguments.seed is None else arguments.seed
    seeds = arguments.seeds or 1
    steps = arguments.steps or STEPS
    start = time.monotonic()
    with step(f"{seeds:,} seeds of {steps:,} steps"):
        total = simulation.run(program, first, seeds, steps, os.cpu_count() or 1)
    if total.finding:
        print(total.finding, end="")
        return TESTS_FAILED
    spent = time.monotonic() - start
    print(f"environments {total.environments}, full checks {total.full_checks}, "
          f"fingerprint {total.fingerprint:016x}")
    print(f"nothing found: {seeds} seeds, {total.steps} steps, {total.steps / spent:.0f} steps/s")
    return 0


def _build():
    files = bazel.build(["--compilation_mode=opt", TARGET], "building the simulator")
    for path, absolute in files.items():
        if path.endswith(FILE):
            return absolute
    raise Broken(f"the build did not give {FILE}")
