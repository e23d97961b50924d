# toolchain/rules/image.bzl - packs a kernel, apps and files into what boots
"""lamina_image_files: the rule behind lamina_image."""

load(":binary.bzl", "LaminaBinaryInfo")

_PYTHON = "/usr/bin/python3"

def _pack_archive(ctx, archive):
    apps = [app[LaminaBinaryInfo] for app in ctx.attr.apps]
    arguments = ctx.actions.args()
    arguments.add("-B")
    arguments.add(ctx.file._archive_tool)
    arguments.add(archive)
    for app in apps:
        arguments.add_all(["--app", "=".join([app.elf.basename, app.elf.path, app.debug.path])])
    for file, name in ctx.attr.files.items():
        arguments.add_all(["--file", "=".join([name, file.files.to_list()[0].path])])
    ctx.actions.run(
        executable = _PYTHON,
        arguments = [arguments],
        inputs = depset(
            [ctx.file._archive_tool, ctx.file._init_tool, ctx.file._symbols_tool] +
            ctx.files.files +
            [app.elf for app in apps] + [app.debug for app in apps],
        ),
        outputs = [archive],
        mnemonic = "LaminaArchive",
    )

def _make_iso(ctx, kernel, archive, iso):
    ctx.actions.run(
        executable = _PYTHON,
        arguments = [
            "-B",
            ctx.file._iso_tool.path,
            iso.path,
            kernel.path,
            archive.path,
            ctx.file._grub_cfg.path,
        ],
        inputs = [ctx.file._iso_tool, ctx.file._grub_cfg, kernel, archive],
        outputs = [iso],
        mnemonic = "LaminaIso",
    )

def _lamina_image_files_impl(ctx):
    kernel = ctx.attr.kernel[LaminaBinaryInfo].elf
    _pack_archive(ctx, ctx.outputs.archive)
    _make_iso(ctx, kernel, ctx.outputs.archive, ctx.outputs.iso)
    ctx.actions.symlink(output = ctx.outputs.elf, target_file = kernel)
    files = [ctx.outputs.iso, ctx.outputs.archive, ctx.outputs.elf]
    return [DefaultInfo(
        files = depset([ctx.outputs.iso]),
        runfiles = ctx.runfiles(files),
    )]

lamina_image_files = rule(
    doc = "Gives `iso` (the default output), and what a direct boot needs: `elf` and `archive`.",
    implementation = _lamina_image_files_impl,
    attrs = {
        "apps": attr.label_list(providers = [LaminaBinaryInfo]),
        "archive": attr.output(mandatory = True),
        "elf": attr.output(mandatory = True),
        "files": attr.label_keyed_string_dict(allow_files = True),
        "iso": attr.output(mandatory = True),
        "kernel": attr.label(mandatory = True, providers = [LaminaBinaryInfo]),
        "_archive_tool": attr.label(
            default = "//toolchain/image:archive.py",
            allow_single_file = True,
        ),
        "_grub_cfg": attr.label(
            default = "//toolchain/image:grub.cfg",
            allow_single_file = True,
        ),
        "_init_tool": attr.label(
            default = "//toolchain/image:init_image.py",
            allow_single_file = True,
        ),
        "_iso_tool": attr.label(
            default = "//toolchain/image:iso.py",
            allow_single_file = True,
        ),
        "_symbols_tool": attr.label(
            default = "//toolchain/image:symbols.py",
            allow_single_file = True,
        ),
    },
)
