# toolchain/docs/system_calls.py - writes docs/system-calls.md from the tables in include/lamina/
import dataclasses
import re
import textwrap

# A comment, a string, a name or number, a punctuation mark; what else there may be is blank.
_TOKEN = re.compile(r'//[^\n]*|"((?:[^"\\]|\\.)*)"|[\w:]+|[(),]|\s+|(.)')

# The comment above a call: what it does, and why the libOS cannot.
_COMMENT = re.compile(r"((?:^//[^\n]*\n)+)LAMINA_SYSCALL\((\d+),", re.MULTILINE)
_WHY = "Why in the kernel: "

# What each argument kind is, and what the kernel refuses before it looks any further.
KINDS = {
    "handle": "a capability of the calling environment by its handle; a register with a bit set "
              "above the low 32 is refused with `bad_handle`",
    "handle_or_null": "the same, or the null handle, 0, for what the call says",
    "word": "a number",
    "rights": "bits of `lamina::Rights`; an unknown bit is refused with `bad_argument`",
    "protection": "bits of `lamina::Protection` (read 1, write 2, execute 4); none or an unknown "
                  "one is refused with `bad_argument`",
    "user_address": "an address in the user half",
    "out_cap_info": "the address of a `lamina::CapInfo` that the kernel writes",
    "out_env_report": "the address of a `lamina::EnvReport` that the kernel writes",
    "out_slice_info": "the address of a `lamina::SliceInfo` that the kernel writes",
    "out_page_table": "the address of 512 words that the kernel writes",
}

INTRODUCTION = """\
# System calls

This page is written by `toolchain/docs/system_calls.py` from `include/lamina/syscalls.def` and
`include/lamina/status.def`, the only places where calls and statuses are declared; a test compares
it with them. [The life of a system call](life-of-a-system-call.md) follows one call through the
source.

## Convention

A call is the instruction `syscall` with these registers:

| register | on entry | on return |
|---|---|---|
| `rax` | high half: `lamina::call_tag`, low half: the call's number | the status, 0 for `ok` |
| `rdi` `rsi` `rdx` `r10` `r8` `r9` | the arguments, in this order | 0, but `rdx`: the value |
| `rcx` `r11` | | changed by the processor |
| all others | | kept |

On `not_mapped` the value is the first address that failed. On any other status but `ok` it is 0,
and nothing was changed.

The tag holds the ABI version (`lamina::abi_version`). A native call of another version is refused
with `bad_call`, and so is a number that no call has. Every other word in the high half of `rax`
makes a *foreign* call, such as those of a stock C library; an environment without an entry point
for them gets -38, which such a library knows as `ENOSYS`.

The arguments of a call are decoded in order before its handler runs. Their kinds:

| kind | what it is |
|---|---|
"""

STATUSES = """
## Statuses

Numbers below 40 come from the kernel; the others from readers of the boot archive, ELF files,
symbol tables and the manifest, in the kernel and in the libOS.

| number | name | cause |
|---:|---|---|
"""


@dataclasses.dataclass(frozen=True)
class Call:
    """One LAMINA_SYSCALL and the comment above it; `arguments` are (kind, name) pairs."""

    number: int
    name: str
    arguments: list
    value: str
    rights: str
    errors: list
    does: str
    why: str


def _tokens(text):
    """(kind, text) of each token: "string" or "word". ValueError: a character that is none."""
    for match in _TOKEN.finditer(text):
        token, string, stray = match[0], match[1], match[2]
        if stray is not None:
            raise ValueError(f"stray {stray!r} in the table")
        if token.startswith('"'):
            yield "string", string
        elif not token.isspace() and not token.startswith("//"):
            yield "word", token


def entries(text, macro):
    """The arguments of each use of a macro: lists of words; strings that touch are one word.

    An argument that is a call of a macro itself gives the list of its arguments. ValueError: what
    is no use of the macro."""
    tokens = list(_tokens(text))
    at = 0
    while at < len(tokens):
        if [token for _, token in tokens[at:at + 2]] != [macro, "("]:
            raise ValueError(f"expected {macro}(, found {tokens[at][1]}")
        arguments, at = _arguments(tokens, at + 2)
        yield arguments


def _arguments(tokens, at):
    """The arguments up to the closing parenthesis, and where the tokens go on."""
    arguments, strings, words = [], [], []
    while at < len(tokens):
        kind, token = tokens[at]
        at += 1
        if kind == "string":
            strings.append(token)
        elif token in (",", ")"):
            if strings or words:
                arguments.append("".join(strings) if strings else _only(words))
            strings, words = [], []
            if token == ")":
                return arguments, at
        elif token == "(":
            inner, at = _arguments(tokens, at)
            words = [inner]
        else:
            words.append(token)
    raise ValueError("a parenthesis is not closed")


def _only(words):
    return words[0] if len(words) == 1 else tuple(words)


def read_statuses(text):
    """(number, name, cause) of each status, in the order of the table."""
    return [(int(number), name, cause)
            for name, number, cause in entries(text, "LAMINA_STATUS")]


def read_calls(text, statuses):
    """The calls. ValueError: numbers with gaps, an unknown kind of argument or error, a call
    without a comment that says what it does and why."""
    names = {name for _, name, _ in statuses}
    comments = {number: " ".join(line.removeprefix("//").strip() for line in comment.splitlines())
                for comment, number in _COMMENT.findall(text)}
    calls = []
    for number, name, arguments, value, rights, errors in entries(text, "LAMINA_SYSCALL"):
        does, _, why = (part.strip() for part in comments.get(number, "").partition(_WHY))
        if not does or not why:
            raise ValueError(f"{name}: the comment above it does not say what it does and why")
        call = Call(int(number), name, arguments, value, rights, errors.split(), does, why)
        if call.number != len(calls):
            raise ValueError(f"{name} has the number {number}, not {len(calls)}")
        for kind, argument in arguments:
            if kind not in KINDS:
                raise ValueError(f"{name}: {argument} has the unknown kind {kind}")
        for error in call.errors:
            if error not in names:
                raise ValueError(f"{name}: there is no status {error}")
        calls.append(call)
    return calls


def _section(call):
    arguments = ", ".join(f"{kind} {name}" for kind, name in call.arguments)
    errors = " ".join(f"`{error}`" for error in call.errors) or "none"
    return "\n".join([
        f"### {call.number} `{call.name}`", "", f"`{call.name}({arguments})`", "",
        textwrap.fill(call.does, 100), "",
        "| | |", "|---|---|", f"| value | {call.value} |", f"| rights | {call.rights} |",
        f"| errors | {errors} |", f"| why the libOS cannot do it | {call.why} |", ""])


def page(calls_text, statuses_text):
    """The whole page."""
    statuses = read_statuses(statuses_text)
    calls = read_calls(calls_text, statuses)
    lines = [INTRODUCTION + "\n".join(f"| `{kind}` | {what} |" for kind, what in KINDS.items()),
             "", f"## The {len(calls)} calls", "", "| number | call | what it does |",
             "|---:|---|---|"]
    lines += [f"| {call.number} | [`{call.name}`](#{call.number}-{call.name}) | {call.does} |"
              for call in calls]
    lines += ["", *(_section(call) for call in calls)]
    rows = [f"| {number} | `{name}` | {cause} |" for number, name, cause in statuses]
    return "\n".join(lines) + STATUSES + "\n".join(rows) + "\n"


def page_of_tree(root):
    """The page for the tables of a tree; `root` is its root."""
    tables = root / "include" / "lamina"
    return page((tables / "syscalls.def").read_text(encoding="utf-8"),
                (tables / "status.def").read_text(encoding="utf-8"))
