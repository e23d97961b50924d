# toolchain/cc/flags.bzl - every compiler and linker flag of kernel and apps
"""Flag lists, by compiler ("clang", "gcc") and environment ("kernel", "app"); HOSTED_* are for
programs with a C library, by compiler ("stock", "measuring")."""

COMPILE = [
    "-ffreestanding",
    "-O2",
    "-g",
    "-fno-pic",
    "-fno-pie",
    "-fno-common",
    "-fno-asynchronous-unwind-tables",
    "-ffunction-sections",
    "-fdata-sections",
    "-fcf-protection=none",
    "-fstack-protector-strong",
    # The canary is the plain variable __stack_chk_guard, not a word at FS: no thread-local storage.
    "-mstack-protector-guard=global",
    "-Wall",
    "-Wextra",
    "-Werror",
    # The same bytes from any folder (with PWD set to /proc/self/cwd).
    "-ffile-prefix-map=/proc/self/cwd=.",
    "-no-canonical-prefixes",
    "-Wno-builtin-macro-redefined",
    "-D__DATE__=\"redacted\"",
    "-D__TIME__=\"redacted\"",
    "-D__TIMESTAMP__=\"redacted\"",
]

CXX = [
    "-std=c++23",
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-threadsafe-statics",
]

COMPILE_BY_COMPILER = {
    # -mgeneral-regs-only would break libstdc++'s headers in clang, so SSE is switched off by name
    # in both environments; a test looks for floating-point instructions in the kernel.
    "clang": [
        "--target=x86_64-linux-gnu",
        "-mno-mmx",
        "-mno-sse",
        "-mno-sse2",
        "-Wthread-safety",
        # A function that keeps all registers may call others: none has more than the general ones.
        "-Wno-excessive-regsave",
        # Into the debug information, where a test reads it. g++ does so by itself.
        "-grecord-command-line",
    ],
    "gcc": ["-mgeneral-regs-only"],
}

COMPILE_BY_ENVIRONMENT = {
    "kernel": [
        "-mno-red-zone",
        "-mcmodel=kernel",
        # A debugger has the frame tables of -g; a system call has three instructions fewer.
        "-fomit-frame-pointer",
        # clang 19 ends a function that keeps all registers (LAMINA_KEEPS_REGISTERS) in a jump,
        # after which they are not kept. Backtraces have every caller, too.
        "-fno-optimize-sibling-calls",
    ],
    "app": ["-fno-omit-frame-pointer"],
}

# The kernel is optimised as a whole: most of its functions have one caller, in another file.
COMPILE_WHOLE_KERNEL = ["-flto"]
LINK_WHOLE_KERNEL = [
    "-flto",
    "-Wl,--lto-O2",
]

LINK = [
    "-nostdlib",
    "-static",
    "-fuse-ld=lld",
    "-Wl,--gc-sections",
    "-Wl,--build-id=none",
    "-Wl,--fatal-warnings",
    "-Wl,-z,noexecstack",
    "-Wl,-z,norelro",
    "-Wl,-z,max-page-size=4096",
]

LINK_BY_COMPILER = {
    "clang": ["--target=x86_64-linux-gnu"],
    # Where g++ finds the program ld.lld.
    "gcc": [
        "-no-pie",
        "-B/usr/lib/llvm-19/bin",
    ],
}

LINK_BY_ENVIRONMENT = {
    "kernel": [],
    "app": [
        "-Wl,-z,separate-code",
        "-Wl,-e,_start",
    ],
}

_REPEATABLE = [
    "-ffile-prefix-map=/proc/self/cwd=.",
    "-no-canonical-prefixes",
    "-Wno-builtin-macro-redefined",
    "-D__DATE__=\"redacted\"",
    "-D__TIME__=\"redacted\"",
    "-D__TIMESTAMP__=\"redacted\"",
]

HOSTED_COMPILE = {
    # The stock compiler's defaults, but for what makes a build repeatable and finds mistakes.
    "stock": [
        "-O2",
        "-g",
        "-fno-pie",
        "-Wall",
        "-Wextra",
        "-Werror",
    ] + _REPEATABLE,
    # Lines are counted before anything is optimised.
    "measuring": [
        "-O1",
        "-fprofile-instr-generate",
        "-fcoverage-mapping",
    ] + _REPEATABLE,
}

HOSTED_CXX = ["-std=c++23"]

HOSTED_LINK = {
    "stock": [
        "-static",
        "-no-pie",
        "-Wl,--build-id=none",
        "-Wl,-z,noexecstack",
    ],
    "measuring": [
        "-fuse-ld=lld",
        "-fprofile-instr-generate",
    ],
}

# After the objects. A C program takes nothing of the first.
HOSTED_LINK_LIBRARIES = [
    "-lstdc++",
    "-lm",
]
