# toolchain/cli/simulation.py - runs the simulator over many seeds, on all processors of the host
import concurrent.futures
import dataclasses
import re
import subprocess
import threading

from toolchain.cli import processes
from toolchain.cli.errors import Broken

# Seeds of one process of the simulator: enough that starting it costs nothing.
SEEDS_AT_ONCE = 200

_TOTALS = re.compile(r"environments (\d+), full checks (\d+), fingerprint ([0-9a-f]{16})\n"
                     r"nothing found: \d+ seeds, (\d+) steps, \d+ steps/s\n\Z")


@dataclasses.dataclass
class Total:
    """What all processes did. `finding` is what the first one that found something printed."""
    steps: int = 0
    environments: int = 0
    full_checks: int = 0
    fingerprint: int = 0
    finding: str = ""

    def add(self, output):
        """Adds the totals that one process printed."""
        environments, full_checks, fingerprint, steps = _TOTALS.search(output).groups()
        self.environments += int(environments)
        self.full_checks += int(full_checks)
        self.fingerprint = (self.fingerprint + int(fingerprint, 16)) % 2**64
        self.steps += int(steps)


def portions(first, seeds, jobs):
    """(first seed, seeds) of each process, in order: all seeds once, work for every job."""
    size = max(1, min(SEEDS_AT_ONCE, -(-seeds // jobs)))
    return [(at, min(size, first + seeds - at)) for at in range(first, first + seeds, size)]


def run(program, first, seeds, steps, jobs):
    """Runs `program` for all seeds, `jobs` processes at a time; returns a Total.

    Stops at the first finding. Raises Broken if a process ends in another way.
    """
    total = Total()
    stop = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = [pool.submit(_run_portion, program, portion, steps, stop)
                for portion in portions(first, seeds, jobs)]
        try:
            for done in concurrent.futures.as_completed(runs):
                status, output = done.result()
                if status == 0:
                    total.add(output)
                elif status == 1:
                    total.finding = output
                    return total
                elif status is not None:
                    raise Broken(f"the simulator ended with status {status}", output)
        finally:
            stop.set()
    return total


def _run_portion(program, portion, steps, stop):
    """(exit status, output) of one process; (None, "") if it was stopped."""
    first, seeds = portion
    if stop.is_set():
        return None, ""
    argv = [program, "--seed", str(first), "--seeds", str(seeds), "--steps", str(steps)]
    with processes.running(argv, stdout=subprocess.PIPE, text=True) as child:
        while True:
            try:
                output, _ = child.communicate(timeout=0.2)
                return child.returncode, output
            except subprocess.TimeoutExpired:
                if stop.is_set():
                    return None, ""
