# toolchain/cli/commands/bench.py - `lamina bench`: measures, beside the bars and what others take
from toolchain.cli import artifacts, bars, measure
from toolchain.cli.errors import TESTS_FAILED, Broken, UsageError
from toolchain.cli.progress import say
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
    print(f"{'':<26} {'Lamina':>11} {'bar':>11}")
    failed = False
    for name, value in values.items():
        row = rows.get(name, {})
        others = f" ({bars.peers_text(row)})" if bars.peers(row) else ""
        print(f"{name:<26} {value:>11,} {_number(row, 'bar'):>11}  {row.get('unit', '')}: "
              f"{row.get('what', 'not recorded')}{others}")
        complaint = bars.complaint(row, value) if arguments.check and row else None
        if complaint:
            failed = True
            say(f"{name}: {complaint}")
    if arguments.record:
        bars.record(values)
        say("recorded; for docs/performance.md run /usr/bin/python3 toolchain/docs/write.py")
    return TESTS_FAILED if failed else 0


def _number(row, key):
    return f"{row[key]:,}" if key in row else "-"


def measure_rows(names):
    """{row: measured value}."""
    values = measure.rows(artifacts.image(needs_iso=False), names)
    missing = [name for name in names if name not in values]
    if missing:
        raise Broken("not measured: " + ", ".join(missing))
    return values
