# toolchain/rules/binary.bzl - links a program for its platform and strips it
"""lamina_binary: the rule behind lamina_kernel and lamina_native_app."""

load(":transition.bzl", "to_platform")

LaminaBinaryInfo = provider(
    doc = "A program of ours.",
    fields = {
        "debug": "the ELF file as linked, with symbols and debug information",
        "elf": "the same, stripped",
    },
)

def _lamina_binary_impl(ctx):
    linked = ctx.attr.binary[0][DefaultInfo].files_to_run.executable
    elf = ctx.actions.declare_file(ctx.attr.elf_name)
    debug = ctx.outputs.debug
    ctx.actions.symlink(output = debug, target_file = linked)
    ctx.actions.run(
        executable = ctx.attr.strip,
        arguments = ["--strip-all", "-o", elf.path, linked.path],
        inputs = [linked],
        outputs = [elf],
        mnemonic = "LaminaStrip",
    )
    return [
        DefaultInfo(
            files = depset([elf, debug]),
            runfiles = ctx.runfiles([elf, debug]),
        ),
        LaminaBinaryInfo(elf = elf, debug = debug),
    ]

lamina_binary = rule(
    doc = "Links `binary` for `platform`; gives the stripped file and `debug`.",
    implementation = _lamina_binary_impl,
    attrs = {
        "binary": attr.label(cfg = to_platform, mandatory = True),
        "debug": attr.output(mandatory = True),
        "elf_name": attr.string(mandatory = True),
        "platform": attr.label(mandatory = True),
        # llvm-strip refuses a static glibc program: its .rela.plt names the symbol table.
        "strip": attr.string(default = "/usr/bin/llvm-strip-19"),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
