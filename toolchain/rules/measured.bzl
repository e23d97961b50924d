# toolchain/rules/measured.bzl - host programs that count how often each of their lines runs
"""measured_programs(name, programs): cc_binary and cc_test targets, on platform :measured."""

load(":transition.bzl", "to_platform")

def _measured_programs_impl(ctx):
    made = []
    for program in ctx.attr.programs:
        made.append(ctx.actions.declare_file(ctx.label.name + "/" + program.label.name))
        ctx.actions.symlink(
            output = made[-1],
            target_file = program[DefaultInfo].files_to_run.executable,
            is_executable = True,
        )
    return [DefaultInfo(
        files = depset(made),
        runfiles = ctx.runfiles(made),
    )]

measured_programs = rule(
    implementation = _measured_programs_impl,
    attrs = {
        "platform": attr.label(default = "//toolchain:measured"),
        "programs": attr.label_list(cfg = to_platform, mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
