# toolchain/cli/kernel_log.py - what the kernel's log says about how the guest ended
import dataclasses
import re

TAIL_LINES = 20


@dataclasses.dataclass(frozen=True)
class End:
    """How the guest ended: `status` of a power-off, or `rebooted`, or neither: it died."""

    status: int | None = None
    rebooted: bool = False


def read(path):
    """The log as text. The guest may have been cut off in the middle of a character."""
    with open(path, "rb") as log:
        return plain(log.read().decode("utf-8", "replace"))


def plain(text):
    """Text without carriage returns and the terminal sequences that firmware writes."""
    return re.sub(r"\x1b(\[[0-9;?=]*[A-Za-z])?|\r", "", text)


def end_of(log):
    """The End that the last `power:` line of the log tells."""
    ends = re.findall(r"^(?:.*\s)?power: (off, status ([0-9]+)|reboot)\s*$", log, re.MULTILINE)
    if not ends:
        return End()
    words, status = ends[-1]
    return End(rebooted=True) if words == "reboot" else End(status=int(status))


def tail(log, lines=TAIL_LINES):
    """The last lines of the log, for an error message; from the panic on if there is one."""
    rows = log.rstrip("\n").split("\n")
    panics = [index for index, row in enumerate(rows) if "panic: " in row]
    first = max(0, min([len(rows) - lines, *panics[:1]]))
    return "\n".join(f"  | {row}" for row in rows[first:]) if log.strip() else "  | (empty)"


def first_instruction_cycles(log):
    """Cycles from reset to the first user instruction, or None if it never came."""
    match = re.search(r"boot: first user instruction after ([0-9]+) cycles", log)
    return int(match[1]) if match else None
