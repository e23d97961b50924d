# toolchain/docs/linux_calls.py - writes docs/linux-abi.md from libos/linux/calls.def
"""The served calls with what is different from Linux, and how many others are known by name."""
import dataclasses

from toolchain.docs.system_calls import entries

INTRODUCTION = """\
# Programs of the stock compiler: Linux system calls

This page is written by `toolchain/docs/linux_calls.py`; the tables come from
`libos/linux/calls.def` and `libos/linux/names.def`, where the calls are declared.

The kernel knows one kind of system call, its own. Every other `syscall` instruction is a
*foreign* call: the kernel bounces it to an entry point in the same environment, and what it means
is the libOS's business. `libos/linux` gives it the meaning it has on Linux, so that the stock
compiler, the stock C library and all of the C++ standard library work, and programs that were
built for Linux run as they are.

## Two ways to be there

**Linked.** The macro `lamina_app` builds a program with the stock compiler and puts the libOS
into it. The libOS is linked first, into one relocatable object (`libos_object`): it has its own
`memcpy` family, no thread-local storage, no constructors, no indirect functions and no stack
protector that reads FS, and all its names are made local but those that begin with `lamina_`. So
nothing of it can bind to the C library, which is not usable before it has relocated itself, and
nothing of the C library to it. Groups of inline functions are dissolved when the object is made;
a group whose name has become local would be dropped or kept by chance.

The entry point is `lamina_entry`. It asks for the null system call: on Lamina that works, and the
libOS starts; on Linux the same number is a `read` that fails, and the C library starts as if it
were alone. The same file therefore runs on both, which is how the tests know what it should
print.

**As an image.** A foreign program is not linked with anything of ours. An ELF file without the
note `NativeNote` is one; `libos::spawn` loads it together with the app `linux`, which is the same
libOS linked at `libos_image_start`, in the range that programs may not use, and starts that. The
libOS finds the program in the start block (`StartProgram`). The range lies below 2 GiB, so that
code in the program and code in the libOS can reach each other by direct jumps.

## Start

Before the first instruction of the program the libOS takes over the segments that are mapped,
places heap and stack, binds its upcall entries and writes the stack that a program finds on
Linux: arguments, environment (`HOME`, `LANG`, `PATH`, `PWD`, `USER`), auxiliary vector. `AT_RANDOM`
comes from `RDRAND`, `AT_SECURE` is 0, there is no vDSO.

## A call

`libos_linux_call` runs with upcalls disabled and every register as it was but `rcx` and `r11`,
whose contents are in the vCPU area. It leaves the program's stack and with it the 128 bytes below
the stack pointer, which belong to the program, puts what the area holds on a stack of its own and
enables upcalls. From there on a call is ordinary code: it can be preempted, and it can fault on
memory of the program that has no frames yet. That is sound because there is one thread, the
call's stack is not the upcall stack, and nothing of the call is left in the area. The libOS uses
no vector registers, so those are as the program left them when it goes on; of the others all but
`rax`, `rcx` and `r11` are restored. FS base is the C library's, GS base the libOS's.

The libOS is not protected from its program; both are one principal. Where a pointer is checked,
it is to give `EFAULT` to programs that expect it.

## Memory

All memory is anonymous. A list of regions (`Regions`) says what the program has and how it may
use it; frames come with the first access, 16 pages at a time, from the account of the
environment. A program that runs out of its account ends with a page fault. The libOS's own memory
lies elsewhere and is in no region. One thing is different from Linux: no page is ever writable
and executable. The kernel has no mapping without any access; pages that a program takes all access
from are kept by the libOS, and come back with the first access that is allowed again.

## Files

Descriptors 0, 1 and 2 are the console, which is no terminal. There is one directory, the root: it
is empty and read-only.

## Signals

Handlers are called for exceptions (`SIGSEGV`, `SIGFPE`, `SIGILL`, `SIGTRAP`, `SIGBUS`) and for what
the program sends itself; nobody else sends it any. An exception is delivered in its upcall, by
changing the trapped context; a signal by a call on the way out of the call. The frame on the
program's stack, or on the one of `sigaltstack`, is that of Linux, with the registers and the
extended state, and the handler starts with extended state as after a reset. `rt_sigreturn` takes
from the frame what a program may set. Nothing of a handler is kept in the libOS, so handlers nest
and may be left by `siglongjmp`. A signal that is blocked waits, once, with its first reason.

QEMU without virtualisation does not raise exceptions of SSE arithmetic.

## Ends

`exit_group` ends the environment with the low eight bits of its argument. A signal by a call that
nobody handles is told on the console and gives 128 and its number: 134 for `abort`. An exception
that nobody handles, or whose signal is blocked, ends the environment with the kernel's report, as
in any app.

## The heap

A program's heap is the C library's own `malloc`, over `brk` and `mmap`. With
`//libos/linux:malloc` in its `deps` it is an allocator of the libOS: an object of its own that
shows the `malloc` family and nothing else, linked before the C library. It maps memory by Linux
system calls, so it works on Linux as well.

## What is not served

Any other call returns `ENOSYS` and is counted. The counts are printed when the program ends if
the machine's command line has the word `LAMINA_ENOSYS`, and by `lamina_print_unserved_calls` in
an app that includes `libos/linux/lamina.h`:

```sh
./lamina shell --append LAMINA_ENOSYS -c 'run hello_std'
```

A line names a call and says how often it was made: `libos: not served: rseq 1`.
"""


@dataclasses.dataclass(frozen=True)
class Call:
    """One LAMINA_LINUX_CALL; `arguments` are (kind, name) pairs."""

    number: int
    name: str
    arguments: list
    does: str


def read_calls(text):
    """The served calls. ValueError: numbers that do not ascend."""
    calls = []
    for number, name, arguments, does in entries(text, "LAMINA_LINUX_CALL"):
        call = Call(int(number), name, arguments, does)
        if calls and call.number <= calls[-1].number:
            raise ValueError(f"{name} does not follow {calls[-1].name}")
        calls.append(call)
    return calls


def read_names(text):
    """(number, name) of each call that has a name only."""
    return [(int(number), name) for number, name in entries(text, "LAMINA_LINUX_NAME")]


def page(calls_text, names_text):
    """The whole page."""
    calls = read_calls(calls_text)
    lines = [INTRODUCTION, f"## The {len(calls)} calls that are served", "",
             "Without a remark a call does what it does on Linux. Another "
             f"{len(read_names(names_text))} are known by name.", "",
             "| number | call | arguments | remark |", "|---:|---|---|---|"]
    lines += [f"| {call.number} | `{call.name}` | "
              f"{', '.join(name for _, name in call.arguments)} | {call.does} |" for call in calls]
    return "\n".join(lines) + "\n"


def page_of_tree(root):
    """The page for the tables of a tree."""
    tables = root / "libos" / "linux"
    return page((tables / "calls.def").read_text(encoding="utf-8"),
                (tables / "names.def").read_text(encoding="utf-8"))
