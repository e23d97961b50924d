# toolchain/cli/suggest.py - names the right word for a wrong one
import difflib

# What other tools call it.
SYNONYMS = {
    "--ram": "--memory", "--mem": "--memory", "-m": "--memory",
    "--smp": "--cpus", "--cores": "--cpus", "--cpu": "--cpus", "-j": "--cpus",
    "--kernel-args": "--append", "--cmdline": "--append", "--args": "--append",
    "--drive": "--disk", "--hda": "--disk",
    "--bios": "--firmware bios", "--uefi": "--firmware uefi", "--efi": "--firmware uefi",
    "--output": "-o", "--out": "-o", "--command": "-c",
    "-v": "--version", "-V": "--version", "-y": "--yes",
    "boot": "run", "start": "run", "qemu": "run", "exec": "shell", "sh": "shell",
    "build": "image", "iso": "image", "tests": "test", "check": "test", "debug": "gdb",
    "benchmark": "bench", "lines": "loc", "doc": "docs", "env": "doctor", "efi": "uefi",
}


def closest(word, choices):
    """The choice meant by `word`, or None."""
    choices = list(choices)
    meant = SYNONYMS.get(word)
    if meant and meant.split()[0] in choices:
        return meant
    prefixed = [choice for choice in choices if len(word) > 2 and choice.startswith(word)]
    if len(prefixed) == 1:
        return prefixed[0]
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.5)
    return near[0] if near else None


def did_you_mean(word, choices, otherwise=""):
    """The end of an error message: "; did you mean X?", or `otherwise`."""
    choice = closest(word, choices)
    return f"; did you mean {choice}?" if choice else otherwise
