# toolchain/cc/config.bzl - a Bazel cc_toolchain made of the flag lists
"""freestanding_toolchain and hosted_toolchain."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "ACTION_NAMES")
load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    "env_entry",
    "env_set",
    "feature",
    "flag_group",
    "flag_set",
    "tool_path",
)
load(
    ":flags.bzl",
    "COMPILE",
    "COMPILE_BY_COMPILER",
    "COMPILE_BY_ENVIRONMENT",
    "COMPILE_WHOLE_KERNEL",
    "CXX",
    "LINK",
    "LINK_BY_COMPILER",
    "LINK_BY_ENVIRONMENT",
    "LINK_WHOLE_KERNEL",
    "HOSTED_CXX",
    "HOSTED_COMPILE",
    "HOSTED_LINK",
    "HOSTED_LINK_LIBRARIES",
)

_ASM_ACTIONS = [ACTION_NAMES.preprocess_assemble]

_C_ACTIONS = [ACTION_NAMES.c_compile]

_CXX_ACTIONS = [
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.cpp_header_parsing,
]

_LINK_ACTIONS = [ACTION_NAMES.cpp_link_executable]

_COMPILERS = {
    "clang": "/usr/bin/clang-19",
    "gcc": "/usr/bin/g++-12",
    # By the file's name it compiles C as C and C++ as C++.
    "stock": "/usr/bin/gcc-12",
    "measuring": "/usr/bin/clang-19",
}

_INCLUDE_DIRECTORIES = [
    "/usr/include",
    "/usr/lib/gcc/x86_64-linux-gnu/12/include",
    "/usr/lib/clang/19/include",
    "/usr/lib/llvm-19/lib/clang/19/include",
]

def _flags(name, actions, flags):
    return feature(
        name = name,
        enabled = True,
        flag_sets = [flag_set(actions = actions, flag_groups = [flag_group(flags = flags)])],
    )

def _tool_paths(compiler):
    llvm = "/usr/lib/llvm-19/bin/"
    return [
        tool_path(name = "ar", path = llvm + "llvm-ar"),
        tool_path(name = "cpp", path = compiler),
        tool_path(name = "dwp", path = "/bin/false"),
        tool_path(name = "gcc", path = compiler),
        tool_path(name = "gcov", path = "/bin/false"),
        tool_path(name = "ld", path = llvm + "ld.lld"),
        tool_path(name = "nm", path = llvm + "llvm-nm"),
        tool_path(name = "objcopy", path = llvm + "llvm-objcopy"),
        tool_path(name = "objdump", path = llvm + "llvm-objdump"),
        tool_path(name = "strip", path = llvm + "llvm-strip"),
    ]

# Debug information names no folder of this machine, and there is one way to link: static objects,
# and no dynamic variant of each library.
_COMMON_FEATURES = [
    feature(
        name = "lamina_directory",
        enabled = True,
        env_sets = [env_set(
            actions = _C_ACTIONS + _CXX_ACTIONS + _ASM_ACTIONS,
            env_entries = [env_entry(key = "PWD", value = "/proc/self/cwd")],
        )],
    ),
    feature(name = "supports_dynamic_linker", enabled = False),
    feature(name = "supports_pic", enabled = False),
    feature(name = "supports_start_end_lib", enabled = False),
]

def _toolchain_config(ctx, name, system, libc, compiler, features):
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = name,
        host_system_name = "local",
        target_system_name = system,
        target_cpu = "x86_64",
        target_libc = libc,
        compiler = compiler,
        abi_version = libc,
        abi_libc_version = libc,
        cxx_builtin_include_directories = _INCLUDE_DIRECTORIES,
        tool_paths = _tool_paths(_COMPILERS[compiler]),
        features = features + _COMMON_FEATURES,
    )

def _freestanding_config_impl(ctx):
    compiler = ctx.attr.compiler
    environment = ctx.attr.environment
    compile = COMPILE + COMPILE_BY_COMPILER[compiler] + COMPILE_BY_ENVIRONMENT[environment]
    link = LINK + LINK_BY_COMPILER[compiler] + LINK_BY_ENVIRONMENT[environment]
    if compiler == "clang" and environment == "kernel":
        compile = compile + COMPILE_WHOLE_KERNEL
        link = link + LINK_WHOLE_KERNEL
    return _toolchain_config(ctx, environment + "_" + compiler, "lamina", "none", compiler, [
        _flags("lamina_compile", _CXX_ACTIONS + _ASM_ACTIONS, compile),
        _flags("lamina_cxx", _CXX_ACTIONS, CXX),
        _flags("lamina_link", _LINK_ACTIONS, link),
    ])

_freestanding_config = rule(
    implementation = _freestanding_config_impl,
    attrs = {
        "compiler": attr.string(values = COMPILE_BY_COMPILER.keys()),
        "environment": attr.string(values = COMPILE_BY_ENVIRONMENT.keys()),
    },
    provides = [CcToolchainConfigInfo],
)

def _hosted_config_impl(ctx):
    compiler = ctx.attr.compiler
    link = HOSTED_LINK[compiler] + HOSTED_LINK_LIBRARIES
    return _toolchain_config(ctx, compiler, "linux", "glibc", compiler, [
        _flags(
            "lamina_compile",
            _C_ACTIONS + _CXX_ACTIONS + _ASM_ACTIONS,
            HOSTED_COMPILE[compiler],
        ),
        _flags("lamina_cxx", _CXX_ACTIONS, HOSTED_CXX),
        _flags("lamina_link", _LINK_ACTIONS, link),
    ])

_hosted_config = rule(
    implementation = _hosted_config_impl,
    attrs = {
        "compiler": attr.string(values = HOSTED_COMPILE.keys()),
    },
    provides = [CcToolchainConfigInfo],
)

def _toolchain(name, constraints):
    """The targets `<name>` and `<name>_toolchain` for the configuration `<name>_config`."""
    native.filegroup(name = name + "_files")
    native.cc_toolchain(
        name = name,
        all_files = name + "_files",
        compiler_files = name + "_files",
        dwp_files = name + "_files",
        linker_files = name + "_files",
        objcopy_files = name + "_files",
        strip_files = name + "_files",
        supports_param_files = True,
        toolchain_config = name + "_config",
    )
    native.toolchain(
        name = name + "_toolchain",
        exec_compatible_with = [
            "@platforms//cpu:x86_64",
            "@platforms//os:linux",
        ],
        target_compatible_with = ["@platforms//cpu:x86_64"] + constraints,
        toolchain = name,
        toolchain_type = "@bazel_tools//tools/cpp:toolchain_type",
    )

def freestanding_toolchain(name, compiler, environment, constraints):
    """Declares the toolchain `<name>_toolchain` for programs without a C library.

    Args:
      name: stem of the targets.
      compiler: "clang" or "gcc".
      environment: "kernel" or "app".
      constraints: what a platform must have to choose this toolchain, besides x86_64.
    """
    _freestanding_config(
        name = name + "_config",
        compiler = compiler,
        environment = environment,
    )
    _toolchain(name, ["@platforms//os:none"] + constraints)

def hosted_toolchain(name, compiler, constraints):
    """Declares the toolchain `<name>_toolchain` for programs with the C and C++ library.

    Args:
      name: stem of the targets.
      compiler: "stock": that of the system, static; "measuring": counts how often lines run.
      constraints: what a platform must have to choose this toolchain, besides x86_64 and Linux.
    """
    _hosted_config(
        name = name + "_config",
        compiler = compiler,
    )
    _toolchain(name, ["@platforms//os:linux"] + constraints)
