# toolchain/cli/options.py - the options of the tool, and how a command line is read
import re

from toolchain.cli.errors import UsageError
from toolchain.cli.suggest import did_you_mean

MIB = 1 << 20


def _whole(text, low, high):
    if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
        raise ValueError(f"a number from {low} to {high}")
    return int(text)


def cpus(text):
    """1 to 64."""
    return _whole(text, 1, 64)


def positive(text):
    """A number above 0."""
    return _whole(text, 1, 999_999_999)


def natural(text):
    """0 or a number above."""
    return _whole(text, 0, 999_999_999)


def memory(text):
    """Bytes as MiB: "64", "64M", "1G", "65536K"."""
    match = re.fullmatch(r"([0-9]{1,9})([kKmMgG]?)(i?[bB])?", text)
    scale = {"k": 1 << 10, "m": MIB, "": MIB, "g": 1 << 30}
    size = int(match[1]) * scale[match[2].lower()] if match else 0
    if size < MIB or size % MIB:
        raise ValueError("a size in whole MiB, such as 64M or 1G")
    return size // MIB


def seconds(text):
    """A positive time in seconds."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text) or float(text) <= 0:
        raise ValueError("a time in seconds, such as 30")
    return float(text)


def firmware(text):
    """How the machine starts the kernel."""
    choices = ("direct", "bios", "uefi")
    if text not in choices:
        raise ValueError("direct, bios or uefi" + did_you_mean(text, choices))
    return text


def sanitizer(text):
    """What finds mistakes of the running program."""
    choices = ("address", "undefined", "thread", "fuzzer")
    if text not in choices:
        raise ValueError("address, undefined, thread or fuzzer" + did_you_mean(text, choices))
    return text


def words(text):
    """Words for the kernel's command line."""
    if not text.isprintable() or not text.isascii():
        raise ValueError("printable ASCII words")
    return text.split()


def text_of(text):
    """Any text."""
    return text


def file_name(text):
    """A path; not empty."""
    if not text:
        raise ValueError("a file name")
    return text


class Option:
    """One option. `value` names its value in the help (None: a flag), `read` converts it."""

    def __init__(self, name, value, read, help_text):
        self.name = name
        self.value = value
        self.read = read
        self.help = help_text
        self.key = name.lstrip("-").replace("-", "_")


OPTIONS = {option.name: option for option in (
    Option("--cpus", "N", cpus, "number of processors (1)"),
    Option("--memory", "SIZE", memory, "memory of the machine, as in 64M or 1G (512M)"),
    Option("--firmware", "KIND", firmware,
           "direct: QEMU starts the kernel itself (default); bios, uefi: the ISO boots"),
    Option("--disk", "FILE", file_name, "attach a disk image (raw or qcow2)"),
    Option("--icount", None, None, "virtual time: one instruction is one clock tick"),
    Option("--append", "WORDS", words, "more words for the kernel's command line"),
    Option("--timeout", "S", seconds, "give up after S seconds, with exit status 124"),
    Option("--log", "FILE", file_name, "keep the kernel's log in FILE"),
    Option("--yes", None, None, "install missing packages without asking"),
    Option("--no-install", None, None, "never install; exit 3 if a package is missing"),
    Option("-c", "COMMANDS", text_of, "the shell commands to run, separated by ; or new lines"),
    Option("-o", "FILE", file_name, "copy the ISO to FILE"),
    Option("--sizes", None, None, "print the sizes of the image's parts, with their bars"),
    Option("--seed", "S", natural, "the first seed (1)"),
    Option("--seeds", "K", positive, "how many seeds, one after the other (1)"),
    Option("--steps", "N", positive, "steps of each seed (100000)"),
    Option("--check", None, None, "compare with what is recorded; exit 1 if it does not hold"),
    Option("--record", None, None, "write the measured values into apps/bench/bars.json"),
    Option("--run", None, None, "also run the command blocks of README.md"),
    Option("--list", None, None, "print each test case and the rule it checks"),
    Option("--long", None, None, "the tests that have a full size, in that size"),
    Option("--sanitizer", "KIND", sanitizer,
           "address, undefined, thread: the host's tests built with it; fuzzer: the fuzz tests"),
    Option("--all", None, None, "also what is shared with later builds: Bazel's whole cache"),
)}

MACHINE = ("--cpus", "--memory", "--firmware", "--disk", "--icount", "--append", "--timeout",
           "--log")
SET_UP = ("--yes", "--no-install")


class Arguments:
    """A command line that was read: `rest` holds the words that are no options."""

    def __init__(self, command):
        self.command = command
        self.rest = []
        self.after = []
        self._values = {}

    def __getattr__(self, key):
        """The value of an option by its key (`no_install`); None or False if not given."""
        if key.startswith("_") or not any(o.key == key for o in OPTIONS.values()):
            raise AttributeError(key)
        return self._values.get(key)

    def set(self, option, value):
        """Keeps an option's value."""
        self._values[option.key] = value


def read(command, words_given, commands):
    """Reads the words after the command's name into Arguments, or raises UsageError."""
    arguments = Arguments(command)
    pending = list(words_given)
    while pending:
        word = pending.pop(0)
        if word == "--":
            arguments.after = pending
            break
        if word == "-" or not word.startswith("-"):
            arguments.rest.append(word)
            continue
        name, equals, value = word.partition("=")
        option = _find(name, command, commands)
        if option.value is None:
            if equals:
                raise UsageError(f"{name} takes no value")
            arguments.set(option, True)
            continue
        if not equals:
            if not pending:
                raise UsageError(f"{name} needs a value: {name} {option.value}")
            value = pending.pop(0)
        try:
            arguments.set(option, option.read(value))
        except ValueError as error:
            raise UsageError(f"{name} {value!r}: it takes {error}") from None
    _check_rest(arguments)
    return arguments


def _find(name, command, commands):
    if name in command.options:
        return OPTIONS[name]
    owners = [other.name for other in commands.values() if name in other.options]
    if owners:
        raise UsageError(f"{name} is no option of {command.name}; it belongs to "
                         + ", ".join(f"`lamina {owner}`" for owner in owners))
    hint = did_you_mean(name, command.options, f"; see `lamina help {command.name}`")
    raise UsageError(f"{command.name} has no option {name}{hint}")


def _check_rest(arguments):
    command = arguments.command
    if len(arguments.rest) > command.most:
        word = arguments.rest[command.most]
        raise UsageError(f"{command.name} does not take {word!r}"
                         + did_you_mean("--" + word, command.options,
                                        f"; see `lamina help {command.name}`"))
    if arguments.after and not command.passes_on:
        raise UsageError(f"{command.name} takes nothing after --")
