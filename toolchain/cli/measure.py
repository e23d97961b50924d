# toolchain/cli/measure.py - the measurements of `lamina bench`; each gives rows
import contextlib
import re
import select
import tempfile
import time

from toolchain.cli import guest, kernel_log, qemu
from toolchain.cli.errors import Broken
from toolchain.cli.progress import step
from toolchain.cli.relay import MARKER, Source

PROMPT = b"lamina> "
# Far more host time than a boot takes; a machine too small to boot may hang instead of ending.
PROMPT_LIMIT_S = 20.0
LIMIT_S = 120.0
MEMORY_MOST_MIB = 64
# Enough that the processors come to their turns many times.
CONTENDED_CHANGES = 500_000


def boot(image):
    """Guest instructions from reset to the first user instruction."""
    _, _, log = _run(image, "", icount=True)
    cycles = kernel_log.first_instruction_cycles(log)
    if cycles is None:
        raise Broken("the kernel's log has no `boot: first user instruction` line")
    return {"boot": cycles}


def kernel(image):
    """What crossings between user mode and kernel cost, as the app `bench` counts them."""
    return _rows_of_app(image, "kernel")


def cpu(image):
    """What it costs to have another environment run at once, and to be back."""
    return _rows_of_app(image, "cpu")


def locks(image):
    """What the locks of include/lamina/sync cost when nobody else wants them."""
    return _rows_of_app(image, "locks")


def _rows_of_app(image, what):
    """{row: value} of `bench WHAT`, each name with WHAT before it."""
    out, end, _ = _run(image, f"run bench {what}\n", icount=True)
    rows = re.findall(r"^(\w+) ([0-9]+)(?: (crossings [0-9]+ cr3 [0-9]+ invlpg [0-9]+))?$", out,
                      re.MULTILINE)
    if not rows or end.status != 0:
        raise Broken(f"the app bench gave no figures, or no good ones, of {what}", out)
    return {f"{what} {name}": Measured(value, beside) for name, value, beside in rows}


class Measured(int):
    """A value, with what was counted beside it, such as "crossings 2 cr3 0 invlpg 1"."""

    def __new__(cls, value, beside=""):
        made = super().__new__(cls, value)
        made.beside = beside
        return made


def contended_locks(image, cpus):
    """What the locks make of environments on so many processors that all want them; reported only:
    lock_tables.read_guest reads it."""
    script = f"run bench contend {CONTENDED_CHANGES} 0\n"
    out, end, _ = _run(image, script, icount=False, cpus=cpus)
    if end.status != 0:
        raise Broken(f"the locks fail on {cpus} processors", out)
    return out


def _run(image, script, icount, cpus=1):
    """(output, kernel_log.End, log) of a script; in virtual time with `icount`."""
    machine = qemu.Machine(icount=icount, cpus=cpus, words=("console=script", "panic=exit"))
    with guest.scratch() as directory, tempfile.TemporaryFile() as sink:
        log = directory / "kernel.log"
        end = guest.run(machine, image, Source(text=script.encode()), sink.fileno(), LIMIT_S,
                        log)
        sink.seek(0)
        return sink.read().decode("utf-8", "replace"), end, kernel_log.read(log)


def memory(image):
    """The smallest memory, in MiB, in which the shell's prompt comes."""
    low, high = 0, 1  # `low` is too little, `high` is not known to be
    while not prompt_comes(image, high):
        low, high = high, high * 2
        if high > MEMORY_MOST_MIB:
            raise Broken(f"no prompt in {low} MiB of memory")
    while high - low > 1:
        middle = (low + high) // 2
        if prompt_comes(image, middle):
            high = middle
        else:
            low = middle
    return {"memory": high}


def prompt_comes(image, memory_mib):
    """True if the interactive shell gets as far as its prompt."""
    machine = qemu.Machine(memory_mib=memory_mib, words=("panic=exit",))
    with guest.scratch() as directory, \
            guest.started(machine, image, directory / "kernel.log", directory) as (_, console):
        seen = b""
        deadline = time.monotonic() + PROMPT_LIMIT_S
        while time.monotonic() < deadline:
            if not select.select([console], [], [], max(0, deadline - time.monotonic()))[0]:
                return False
            data = b""
            with contextlib.suppress(ConnectionError):
                data = console.recv(65536)
            if not data:
                return False
            seen += data
            if PROMPT in seen.partition(MARKER)[2]:
                return True
    return False


# The first word of a row's name is the measurement that gives it.
MEASUREMENTS = {"boot": boot, "memory": memory, "kernel": kernel, "cpu": cpu,
                "locks": locks}


def rows(image, names):
    """{row: value} of the named rows, and of others that came with them and have no record."""
    values = {}
    for measurement in dict.fromkeys(name.split()[0] for name in names):
        with step(f"measuring {measurement}"):
            values.update(MEASUREMENTS[measurement](image))
    return values
