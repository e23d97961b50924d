# toolchain/cli/measure.py - the measurements of `lamina bench`, one function a row
import contextlib
import os
import select
import time

from toolchain.cli import guest, kernel_log, qemu
from toolchain.cli.errors import Broken
from toolchain.cli.relay import MARKER, Source

PROMPT = b"lamina> "
# Far more host time than a boot takes; a machine too small to boot may hang instead of ending.
PROMPT_LIMIT_S = 20.0
MEMORY_MOST_MIB = 64


def boot(image):
    """Guest instructions from reset to the first user instruction."""
    machine = qemu.Machine(icount=True, words=("console=script", "panic=exit"))
    with guest.scratch() as directory:
        log = directory / "kernel.log"
        with open(os.devnull, "wb") as nowhere:
            guest.run(machine, image, Source(), nowhere.fileno(), timeout_s=120, log=log)
        cycles = kernel_log.first_instruction_cycles(kernel_log.read(log))
    if cycles is None:
        raise Broken("the kernel's log has no `boot: first user instruction` line")
    return cycles


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
    return high


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


ROWS = {"boot": boot, "memory": memory}
