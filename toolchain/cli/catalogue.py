# toolchain/cli/catalogue.py - the commands: name, usage, options; and the text of the help
import importlib
import textwrap

from toolchain.cli.options import MACHINE, OPTIONS, SET_UP


class Command:
    """One command. Its code is run(arguments) in toolchain/cli/commands/<name>.py.

    `usage` follows the name in the help; `most` is how many words it takes that are no options;
    `needs_packages` has the set-up run first; `passes_on` allows words after `--`.
    """

    def __init__(self, name, usage, summary, options=(), most=0, needs_packages=False,
                 passes_on=False, notes=""):
        self.name = name
        self.usage = usage
        self.summary = summary
        self.options = options + (SET_UP if needs_packages else ())
        self.most = most
        self.needs_packages = needs_packages
        self.passes_on = passes_on
        self.notes = notes

    def run(self, arguments):
        """Does the work; returns the exit status."""
        module = importlib.import_module(f"toolchain.cli.commands.{self.name}")
        return module.run(arguments)


COMMANDS = {command.name: command for command in (
    Command("run", "", "boot the image and give its shell on this terminal",
            MACHINE, needs_packages=True,
            notes="Ctrl-A X leaves; Ctrl-A Ctrl-A sends Ctrl-A; Ctrl-C goes to the guest. Without "
            "a terminal the standard input is a script for the shell, and its end powers off."),
    Command("shell", "-c 'CMD; CMD'", "boot, run shell commands, print what they print",
            ("-c",) + MACHINE, needs_packages=True,
            notes="The exit status is that of the last command. Without -c the commands come from "
            "standard input."),
    Command("test", "", "run every test; the last line is `N passed, N failed`",
            ("--list", "--long", "--sanitizer", "--timeout"), most=1, needs_packages=True,
            notes="`--long [NAME]` runs the tests that have a full size, or those of them whose "
            "name contains NAME, each for at most --timeout seconds (3600). `--sanitizer KIND "
            "[NAME]` does the same for the tests that run on the host."),
    Command("bench", "[NAME]", "measure; guest instructions are exact and repeat",
            ("--check", "--record"), most=1, needs_packages=True,
            notes="NAME is a row or the start of one, such as boot or memory. `bench locks` also "
            "times the locks on the host beside those of other libraries, and in the guest on 1 to "
            "8 processors, which is reported and never compared."),
    Command("sim", "", "run the kernel core on simulated processors, checking every step",
            ("--seed", "--seeds", "--steps"), needs_packages=True,
            notes="A seed makes the same run on every machine; what is found is printed with the "
            "seed and the step that show it again. docs/simulator.md says what is checked."),
    Command("image", "", "build the ISO and print its path",
            ("-o", "--sizes"), needs_packages=True),
    Command("gdb", "[APP] [-- GDB-OPTION...]",
            "boot with gdb attached, waiting at the first instruction",
            tuple(o for o in MACHINE if o != "--timeout"), most=1, needs_packages=True,
            passes_on=True,
            notes="gdb has the symbols of the kernel and of APP (init). In gdb, `app NAME` takes "
            "those of another app. All apps have the same addresses: one at a time."),
    Command("locks", "[FOLDER]",
            "run a scenario of many locks; write their order, print the ten most contended",
            most=1, needs_packages=True,
            notes="FOLDER (the current one) gets locks.dot, locks.json and locks.svg. The exit "
            "status is 1 if the validator of lock order reported anything."),
    Command("loc", "", "count lines of code (neither blank nor comment)"),
    Command("docs", "--check", "check the documentation against the tree",
            ("--check", "--run")),
    Command("doctor", "", "show tools, versions and disk space; exit 3 if one is missing"),
    Command("clean", "", "remove what was built", ("--all",)),
    Command("help", "[COMMAND]", "this text, or the help of a command", most=1),
)}

EXIT_STATUS = """\
exit status: 0-123 the guest's; 1 also tests or checks failed; 2 wrong usage; 3 set-up;
             124 timed out; 125 Lamina itself failed; 130 stopped by Ctrl-C"""


def overview():
    """The help without a command."""
    rows = [f"  {command.name:<8} {command.summary}" for command in COMMANDS.values()]
    return "\n".join(["usage: ./lamina COMMAND [OPTION...]", "", *rows, "",
                      "`./lamina help COMMAND` shows its options, `./lamina --version` the "
                      "version.",
                      "", EXIT_STATUS])


def help_of(command):
    """The help of one command."""
    usage = " ".join(filter(None, ["usage: ./lamina", command.name, command.usage,
                                   "[OPTION...]" if command.options else ""]))
    lines = [usage, "", textwrap.fill(command.summary[0].upper() + command.summary[1:] + ".", 96)]
    if command.notes:
        lines += textwrap.wrap(command.notes, 96)
    if command.options:
        lines.append("")
    for name in command.options:
        option = OPTIONS[name]
        lines.append(f"  {name + (' ' + option.value if option.value else ''):<18} {option.help}")
    return "\n".join([*lines, "", EXIT_STATUS])
