# toolchain/rules/libos_object.bzl - the library OS as one object file for programs with a C library
"""libos_object: links libraries into one relocatable object that shares no name with anything."""

load(":transition.bzl", "to_platform")

def _archives(deps):
    """(those that are linked whole, the others) of the static libraries of targets."""
    whole, others = [], []
    for dep in deps:
        for linker_input in dep[CcInfo].linking_context.linker_inputs.to_list():
            for library in linker_input.libraries:
                archive = library.static_library or library.pic_static_library
                (whole if library.alwayslink else others).append(archive)
    return whole, others

def _libos_object_impl(ctx):
    whole, others = _archives(ctx.attr.deps)
    linked = ctx.actions.declare_file(ctx.label.name + "_global.o")
    object = ctx.outputs.out
    link = ctx.actions.args()
    link.add_all(["-r", "--force-group-allocation", "--gc-sections", "--fatal-warnings"])
    link.add_all(ctx.attr.keep, format_each = "--undefined=%s")
    link.add("-o", linked)
    link.add("--whole-archive")
    link.add_all(whole)
    link.add("--no-whole-archive")
    link.add("--start-group")
    link.add_all(others)
    link.add("--end-group")
    ctx.actions.run(
        executable = "/usr/bin/ld.bfd",
        arguments = [link],
        inputs = whole + others,
        outputs = [linked],
        mnemonic = "LibosLink",
    )
    localize = ctx.actions.args()
    localize.add_all(ctx.attr.keep, format_each = "--keep-global-symbol=%s")
    localize.add(linked)
    localize.add(object)
    ctx.actions.run(
        executable = "/usr/bin/objcopy",
        arguments = [localize],
        inputs = [linked],
        outputs = [object],
        mnemonic = "LibosLocalize",
    )
    return [DefaultInfo(files = depset([object]), runfiles = ctx.runfiles([object]))]

libos_object = rule(
    doc = """Links `deps` for `platform` into the object file `out`.

Only the names in `keep` stay visible, so that nothing else in it binds to a C library or a C
library to it. Groups are dissolved first: a group whose signature became local
would be dropped or kept by chance.""",
    implementation = _libos_object_impl,
    attrs = {
        "deps": attr.label_list(cfg = to_platform, providers = [CcInfo]),
        "keep": attr.string_list(mandatory = True, doc = "What the program may call."),
        "out": attr.output(mandatory = True),
        "platform": attr.label(default = "//toolchain:app"),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
)
