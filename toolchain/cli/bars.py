# toolchain/cli/bars.py - reads apps/bench/bars.json and holds a measured value against it
"""A row has `recorded` (what was last seen), `tolerance_percent` (how much more than recorded is
still no regression; less is always welcome) and mostly `bar`, which is never to be passed. `linux`
and `peers` say what others take for the same."""
import json

from toolchain.cli.places import ROOT

FILE = ROOT / "apps" / "bench" / "bars.json"


def read():
    """The rows by name."""
    return json.loads(FILE.read_text(encoding="utf-8"))["rows"]


def peers(row):
    """{name: value} of those the row is compared with."""
    return {**({"Linux 6.1": row["linux"]} if "linux" in row else {}), **row.get("peers", {})}


def peers_text(row):
    """The same as text: "Linux 6.1: 311"; empty if there are none."""
    return ", ".join(f"{name}: {value:,}" for name, value in peers(row).items())


def complaint(row, value):
    """What is wrong with the value, or None."""
    if value > row.get("bar", value):
        return f"{value:,} is over the bar of {row['bar']:,} {row['unit']}"
    limit = row["recorded"] * (100 + row["tolerance_percent"]) // 100
    if value > limit:
        return (f"{value:,} is more than {row['tolerance_percent']} % over the recorded "
                f"{row['recorded']:,} {row['unit']}; if that is right: ./lamina bench --record")
    return None


def record(values):
    """Writes measured values into the file."""
    document = json.loads(FILE.read_text(encoding="utf-8"))
    for name, value in values.items():
        if name in document["rows"]:
            document["rows"][name]["recorded"] = value
    FILE.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
