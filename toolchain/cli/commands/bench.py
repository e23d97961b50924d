# toolchain/cli/commands/bench.py - `lamina bench`: measures, beside the bars and Linux
from toolchain.cli import artifacts, bars, measure
from toolchain.cli.errors import TESTS_FAILED, UsageError
from toolchain.cli.progress import say, step
from toolchain.cli.suggest import did_you_mean


def run(arguments):
    """Prints a row a measurement; with --check returns 1 if one does not hold."""
    rows = bars.read()
    wanted = arguments.rest[0] if arguments.rest else ""
    names = [name for name in rows if name.startswith(wanted)]
    if not names:
        raise UsageError(f"there is no measurement {wanted}"
                         + did_you_mean(wanted, rows, "; there are " + ", ".join(rows)))
    values = measure_rows(names)
    print(f"{'':<8} {'Lamina':>14} {'bar':>14} {'Linux 6.1':>14}  unit")
    failed = False
    for name, value in values.items():
        row = rows[name]
        complaint = bars.complaint(row, value) if arguments.check else None
        print(f"{name:<8} {value:>14,} {row['bar']:>14,} {row['linux']:>14,}  {row['unit']}, "
              f"{row['what']}")
        if complaint:
            failed = True
            say(f"{name}: {complaint}")
    if arguments.record:
        bars.record(values)
    return TESTS_FAILED if failed else 0


def measure_rows(names):
    """{name: measured value}."""
    image = artifacts.image(needs_iso=False)
    values = {}
    for name in names:
        with step(f"measuring {name}"):
            values[name] = measure.ROWS[name](image)
    return values
