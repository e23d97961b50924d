# toolchain/rules/sanitized.bzl - one host program with instrumented memory accesses
"""A cc_binary and its libraries, compiled with the thread sanitizer's instrumentation.

thread_sanitized(name, binary): linked with the sanitizer, which ends the program at a data race.
access_recorded(name, binary): without it; the program has functions of its own for what is called.
"""

# Options of the command line, such as those of --config=asan, must not come in too.
def _instrumented(linkopt):
    return {
        "//command_line_option:collect_code_coverage": False,
        "//command_line_option:copt": ["-fsanitize=thread", "-g", "-O1"],
        "//command_line_option:features": [],
        "//command_line_option:linkopt": linkopt,
        "//command_line_option:strip": "never",
    }

_THREAD = _instrumented(["-fsanitize=thread"])
_RECORDED = _instrumented([])

def _to_thread_impl(_settings, _attr):
    return _THREAD

def _to_recorded_impl(_settings, _attr):
    return _RECORDED

_to_thread = transition(
    implementation = _to_thread_impl,
    inputs = [],
    outputs = _THREAD.keys(),
)
_to_recorded = transition(
    implementation = _to_recorded_impl,
    inputs = [],
    outputs = _RECORDED.keys(),
)

def _renamed_impl(ctx):
    linked = ctx.attr.binary[0][DefaultInfo].files_to_run.executable
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = program, target_file = linked, is_executable = True)
    return [DefaultInfo(
        executable = program,
        files = depset([program]),
        runfiles = ctx.runfiles([program]),
    )]

def _rule_with(way):
    return rule(
        implementation = _renamed_impl,
        attrs = {
            "binary": attr.label(cfg = way, mandatory = True),
            "_allowlist_function_transition": attr.label(
                default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
            ),
        },
        executable = True,
    )

thread_sanitized = _rule_with(_to_thread)
access_recorded = _rule_with(_to_recorded)
