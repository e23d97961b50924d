# toolchain/cli/docs_check.py - holds what the documents name against what the tree has
"""Checked in every Markdown file: links, and in backticks and code blocks paths, Bazel labels,
`./lamina` command lines and names of symbols. A plain lower-case word is prose."""
import os
import re
import shlex

from toolchain.cli import options
from toolchain.cli.catalogue import COMMANDS
from toolchain.cli.errors import UsageError
from toolchain.cli.places import ROOT

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"\.?[\w.+-]+(?:/[\w.+-]+)*/?")
_LABEL = re.compile(r"//[\w./-]*(?::[\w./-]+)?")
# A name of ours: with a scope, in CamelCase, with an underscore, or called.
_SYMBOL = re.compile(r"(?:\w+::)+~?\w+(?:\(\))?|[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+(?:<\w*>)?|"
                     r"[A-Za-z]\w*_\w*(?:\(\))?|[a-z]\w*\(\)")
# What a command reads from the lines below it: `<<'EOF'` to the line EOF.
_HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?([^\n]*)\n.*?^\1$", re.MULTILINE | re.DOTALL)
_SHELL = ("sh", "shell", "bash", "console")
_SOURCES = (".hpp", ".cpp", ".h", ".S", ".def", ".py", ".bzl", ".bazel", ".ld", ".lds", ".cfg",
            ".json", ".txt", ".sh")


def documents():
    """The Markdown files of the tree, relative to its root."""
    return [path for path in _tree() if path.endswith(".md")]


def check_all():
    """{document: complaints}; a document without any has an empty list."""
    words = _words()
    return {path: check(path, (ROOT / path).read_text(encoding="utf-8"), words)
            for path in documents()}


def check(path, text, words):
    """What is wrong in one document, as "document: what" lines. `words` are the tree's names."""
    complaints = []
    for language, block in _FENCE.findall(text):
        if language in _SHELL:
            for line in _command_lines(block, language == "console"):
                complaints += _check_command(line)
    prose = _FENCE.sub("", text)
    for link in (first or second for first, second in _LINK.findall(prose)):
        complaints += _check_link(path, link, text)
    for code in _CODE.findall(prose):
        complaints += _check_code(path, code, words)
    return [f"{path}: {complaint}" for complaint in dict.fromkeys(complaints)]


def shell_blocks(text):
    """The code blocks of a document that are shell commands to run (marked `sh`)."""
    return [block for language, block in _FENCE.findall(text) if language == "sh"]


def _command_lines(block, has_prompts):
    block = _HERE_DOCUMENT.sub(r"\2", block).replace("\\\n", " ")
    for line in block.split("\n"):
        if has_prompts:
            if not line.startswith("$ "):
                continue
            line = line[2:]
        yield line


def _check_link(path, link, text):
    if re.match(r"[a-z]+:", link):
        return []
    target, _, anchor = link.partition("#")
    there = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
    if target and not (ROOT / there).exists():
        return [f"the link to {link} leads nowhere"]
    if anchor and there.endswith(".md"):
        other = text if there == path else (ROOT / there).read_text(encoding="utf-8")
        if anchor not in _anchors(other):
            return [f"the link to {link}: there is no such heading"]
    return []


def _anchors(text):
    headings = re.findall(r"^#+\s+(.*)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
            for heading in headings}


def _check_code(path, code, words):
    code = code.strip()
    if " " in code:
        return _check_command(code)
    if code.startswith("//"):
        return _check_label(code)
    if code.startswith("./"):
        code = code[2:]
    stem = code.rstrip("/")
    top = stem.split("/")[0]
    if _PATH.fullmatch(code) and ("/" in code or "." in stem[1:]) \
            and ((ROOT / top).exists() or re.search(r"\.(md|hpp|cpp|py|bzl|S|def)$", stem)):
        places = [ROOT / stem, ROOT / os.path.dirname(path) / stem]
        known = any(place.exists() for place in places) or stem in words
        return [] if known else [f"there is no {code}"]
    if _SYMBOL.fullmatch(code):
        bare = re.sub(r"\(\)|<\w*>", "", code)
        unknown = [part for part in bare.replace("~", "").split("::") if part not in words]
        return [f"nothing is called {code}"] if unknown else []
    return []


def _check_label(label):
    if not _LABEL.fullmatch(label) or label.endswith("..."):
        return []
    package, _, name = label[2:].partition(":")
    build = ROOT / package / "BUILD.bazel"
    name = name or package.rsplit("/", 1)[-1]
    if not build.exists():
        return [f"there is no package {label}"]
    stem = re.sub(r"\.(iso|archive|elf|debug)$", "", name)
    text = build.read_text(encoding="utf-8")
    if f'"{stem}"' not in text and f'"{name}"' not in text:
        return [f"there is no target {label}"]
    return []


def _check_command(line):
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    complaints = [complaint for word in words for complaint in _check_label(word)
                  if word.startswith("//")]
    if not words:
        return complaints
    program = words[0]
    if program in ("./lamina", "lamina"):
        complaints += _check_lamina(words[1:])
    elif "/" in program and not program.startswith(("/", "-")) and " " in line \
            and re.fullmatch(r"[\w./+-]+", program) \
            and (ROOT / program.split("/")[0]).exists() and not (ROOT / program).exists():
        complaints.append(f"there is no {program}")
    return complaints


def _check_lamina(words):
    for index, word in enumerate(words):
        if word in ("|", ">", "<", "&&", ";", "2>", "||", "..."):
            words = words[:index]
            break
    if not words or words[0] in ("--version", "--help") or words[0].isupper():
        return []
    command = COMMANDS.get(words[0].rstrip(";"))
    if command is None:
        return [f"lamina has no command {words[0]}"]
    try:
        options.read(command, words[1:], COMMANDS)
    except UsageError as error:
        return [f"`lamina {' '.join(words)}`: {error.message}"]
    return []


def _tree():
    """All files of the tree, relative to its root, without build products."""
    for folder, names, files in os.walk(ROOT):
        names[:] = sorted(name for name in names
                          if not name.startswith((".git", "bazel-")) and name != "__pycache__")
        for name in sorted(files):
            yield os.path.relpath(os.path.join(folder, name), ROOT)


def _words():
    """Every word of the sources, and the name of every file."""
    words = set()
    for path in _tree():
        words.add(os.path.basename(path))
        if path.endswith(_SOURCES) or path in ("lamina", "WORKSPACE", ".bazelrc"):
            text = (ROOT / path).read_text(encoding="utf-8", errors="replace")
            words.update(re.findall(r"\w+", text))
    return words
