# toolchain/rules/transition.bzl - from the host's configuration to the kernel's or an app's
"""to_platform: a transition for rules with an attribute `platform`."""

# A platform alone is not enough: flags of the command line would go to the new toolchain too.
_RESET = {
    "//command_line_option:collect_code_coverage": False,
    "//command_line_option:compilation_mode": "opt",
    "//command_line_option:conlyopt": [],
    "//command_line_option:copt": [],
    "//command_line_option:cxxopt": [],
    "//command_line_option:features": [],
    "//command_line_option:linkopt": [],
    "//command_line_option:per_file_copt": [],
    "//command_line_option:strip": "never",
}

_PLATFORMS = "//command_line_option:platforms"

def _to_platform_impl(_settings, attr):
    return dict(_RESET, **{_PLATFORMS: [str(attr.platform)]})

to_platform = transition(
    implementation = _to_platform_impl,
    inputs = [],
    outputs = [_PLATFORMS] + _RESET.keys(),
)
