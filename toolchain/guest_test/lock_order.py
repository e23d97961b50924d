# toolchain/guest_test/lock_order.py - which kernel locks are taken with which held: told and seen
import re

SECTION = "## What is taken with what held"


def documented(text):
    """The pairs (held, taken) of the table in docs/locks.md."""
    section = text.partition(SECTION)[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([a-z_]+)` \| `([a-z_]+)` \|$", section, re.MULTILINE))


def observed(log):
    """The pairs that a kernel with its validator on has logged at power-off."""
    return set(re.findall(r"^locks: ([a-z_]+) before ([a-z_]+)$", log, re.MULTILINE))


def complaint(log, text):
    """What a log has seen that the documentation does not tell; or None."""
    unknown = sorted(observed(log) - documented(text))
    return f"locks taken in an order that docs/locks.md lacks: {unknown}" if unknown else None
