# toolchain/cli/lock_tables.py - times of locks beside others: what was measured, as tables
"""Time is only ever reported. Of the host, ratios are medians over rounds in which all locks took
their turn; of the guest, each processor is a thread of QEMU, and there may be more of them than the
host has."""
import collections
import re
import statistics

# The columns of the host's tables: a lock's time by each of these.
PEERS = ("pthread_spin", "pthread_mutex", "std::mutex", "absl::Mutex")

_HOST = re.compile(r"(\d+) (\d+) (\S+) (\d+\.\d+)")
_GUEST = re.compile(r"^(\w+) (\d+) (\d+) (\d+)$", re.MULTILINE)


def read_host(text):
    """{threads: {lock: [nanoseconds of each round]}} from what tests/bench/locks prints.

    ValueError: a line is none of its."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in text.splitlines():
        match = _HOST.fullmatch(line)
        if not match:
            raise ValueError(f"not a measurement: {line}")
        found[int(match[1])][match[3]].append(float(match[4]))
    return {threads: dict(locks) for threads, locks in found.items()}


def ratio(rounds, peer_rounds):
    """The median over the rounds of a lock's time by its peer's."""
    return statistics.median(ours / theirs for ours, theirs in zip(rounds, peer_rounds))


def host_table(locks):
    """The lines of a table of one number of threads: {lock: [nanoseconds of each round]}."""
    lines = [f"{'':<26} {'ns':>7}" + "".join(f" {'/ ' + peer:>15}" for peer in PEERS)]
    for name, rounds in locks.items():
        ratios = "".join(f" {ratio(rounds, locks[peer]):>15.2f}" for peer in PEERS)
        lines.append(f"{name:<26} {statistics.median(rounds):>7.1f}{ratios}")
    return lines


def read_guest(text):
    """{lock: (nanoseconds, least share, largest share)} from what `bench contend` prints."""
    return {name: (int(ns), int(least), int(most))
            for name, ns, least, most in _GUEST.findall(text)}


def guest_table(runs):
    """The lines of a table from {processors: {lock: (nanoseconds, least, largest share)}}."""
    lines = [f"{'':<26}" + "".join(f" {f'{cpus} CPU' + 's' * (cpus > 1):>16}" for cpus in runs)]
    for name in next(iter(runs.values())):
        cells = ("{} ns {}-{}%".format(*run[name]) for run in runs.values())
        lines.append(f"{name:<26}" + "".join(f" {cell:>16}" for cell in cells))
    return lines
