# toolchain/rules/sanitized.bzl - one host program under a sanitizer
"""thread_sanitized(name, binary): a cc_binary and its libraries under the thread sanitizer."""

# Options of the command line, such as those of --config=asan, must not come in too.
_THREAD = {
    "//command_line_option:collect_code_coverage": False,
    "//command_line_option:copt": ["-fsanitize=thread", "-g", "-O1"],
    "//command_line_option:features": [],
    "//command_line_option:linkopt": ["-fsanitize=thread"],
    "//command_line_option:strip": "never",
}

def _to_thread_impl(_settings, _attr):
    return _THREAD

_to_thread = transition(
    implementation = _to_thread_impl,
    inputs = [],
    outputs = _THREAD.keys(),
)

def _thread_sanitized_impl(ctx):
    linked = ctx.attr.binary[0][DefaultInfo].files_to_run.executable
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = linked, is_executable = True)
    return [DefaultInfo(
        executable = program,
        files = depset([program]),
        runfiles = ctx.runfiles([program]),
    )]

thread_sanitized = rule(
    implementation = _thread_sanitized_impl,
    attrs = {
        "binary": attr.label(cfg = _to_thread, mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)
