# toolchain/rules/build_info.bzl - a header that says from which commit and how a program was built
"""build_info_header(name, out, features): writes constants in namespace lamina::build."""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _build_info_header_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )
    flags = cc_common.get_memory_inefficient_command_line(
        feature_configuration = features,
        action_name = CPP_COMPILE_ACTION_NAME,
        variables = cc_common.create_compile_variables(
            feature_configuration = features,
            cc_toolchain = toolchain,
            user_compile_flags = [],
        ),
    )
    ctx.actions.run(
        executable = "/usr/bin/python3",
        arguments = [
            ctx.file._script.path,
            ctx.info_file.path,
            ctx.file._version.path,
            ctx.outputs.out.path,
            " ".join(flags),
            " ".join(ctx.attr.features_on),
        ],
        inputs = [ctx.file._script, ctx.file._version, ctx.info_file],
        outputs = [ctx.outputs.out],
        mnemonic = "BuildInfo",
    )
    return [DefaultInfo(files = depset([ctx.outputs.out]))]

_build_info_header = rule(
    implementation = _build_info_header_impl,
    attrs = {
        "features_on": attr.string_list(),
        "out": attr.output(mandatory = True),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
        "_script": attr.label(
            default = "//toolchain/rules:build_info.py",
            allow_single_file = True,
        ),
        "_version": attr.label(
            default = "//toolchain:version.txt",
            allow_single_file = True,
        ),
    },
    fragments = ["cpp"],
    incompatible_use_toolchain_transition = True,
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

def build_info_header(name, out, features = []):
    """Writes the header.

    Args:
      name: the target.
      out: the header's file name.
      features: words for what is switched on in this build.
    """
    _build_info_header(name = name, out = out, features_on = features)
