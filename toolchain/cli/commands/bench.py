# toolchain/cli/commands/bench.py - `lamina bench`: measures, beside the bars and what others take
import subprocess

from toolchain.cli import artifacts, bars, bazel, lock_tables, measure, processes
from toolchain.cli.errors import TESTS_FAILED, Broken, UsageError
from toolchain.cli.progress import say, step
from toolchain.cli.suggest import did_you_mean

HOST_LOCKS = "//tests/bench:locks"
HOST_LOCKS_FILE = "tests/bench/locks"
HOST_ROUNDS = 21
GUEST_CPUS = (1, 2, 4, 8)


def run(arguments):
    """Prints a row a measurement; with --check returns 1 if one does not hold."""
    rows = bars.read()
    wanted = arguments.rest[0] if arguments.rest else ""
    names = [name for name in rows if name.startswith(wanted)]
    if not names:
        raise UsageError(f"there is no measurement {wanted}"
                         + did_you_mean(wanted, rows, "; there are " + ", ".join(rows)))
    values = measure_rows(names)
    print(f"{'':<26} {'Lamina':>11} {'bar':>11}")
    failed = False
    for name, value in values.items():
        row = rows.get(name, {})
        others = f" ({bars.peers_text(row)})" if bars.peers(row) else ""
        print(f"{name:<26} {value:>11,} {_number(row, 'bar'):>11}  {row.get('unit', '')}: "
              f"{row.get('what', 'not recorded')}{others}{_beside(value)}")
        complaint = bars.complaint(row, value) if arguments.check and row else None
        if complaint:
            failed = True
            say(f"{name}: {complaint}")
    if arguments.record:
        bars.record(values)
        say("recorded; for docs/performance.md run /usr/bin/python3 toolchain/docs/write.py")
    if wanted == "locks" and not arguments.check and not arguments.record:
        _report_host_locks()
        _report_guest_locks()
    return TESTS_FAILED if failed else 0


def _report_host_locks():
    """Prints a table for each number of threads."""
    files = bazel.build(["--compilation_mode=opt", HOST_LOCKS], "building the locks of the host")
    program = next((absolute for path, absolute in files.items()
                    if path.endswith(HOST_LOCKS_FILE)), None)
    if program is None:
        raise Broken(f"the build did not give {HOST_LOCKS_FILE}")
    with step("timing locks on the host"), \
            processes.running([program, str(HOST_ROUNDS)], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as child:
        out, complaint = child.communicate()
    if child.returncode != 0:
        raise Broken("timing locks on the host failed", complaint)
    for threads, locks in lock_tables.read_host(out).items():
        what = "thread" if threads == 1 else "threads at once"
        print(f"\nlock and unlock on the host, {threads} {what}: median of {HOST_ROUNDS} rounds, "
              "and of its ratios to others")
        print(*lock_tables.host_table(locks), sep="\n")


def _report_guest_locks():
    """Prints how the locks do in the guest when every processor wants them."""
    image = artifacts.image(needs_iso=False)
    runs = {}
    for cpus in GUEST_CPUS:
        with step(f"wanting locks in the guest, processors: {cpus}"):
            runs[cpus] = lock_tables.read_guest(measure.contended_locks(image, cpus))
    print("\nlocks wanted by every processor of the guest: time of the host for each taken, and "
          "the shares of\nwho got least and most, where 100% is an equal one")
    print(*lock_tables.guest_table(runs), sep="\n")


def _beside(value):
    counted = getattr(value, "beside", "")
    return f"; {counted}" if counted else ""


def _number(row, key):
    return f"{row[key]:,}" if key in row else "-"


def measure_rows(names):
    """{row: measured value}."""
    values = measure.rows(artifacts.image(needs_iso=False), names)
    missing = [name for name in names if name not in values]
    if missing:
        raise Broken("not measured: " + ", ".join(missing))
    return values
