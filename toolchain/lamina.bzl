# toolchain/lamina.bzl - the macros of BUILD files: kernels, apps, images, tests
"""lamina_kernel, lamina_native_app, lamina_image, host_test, guest_test, boot_test."""

load("//toolchain/rules:binary.bzl", "lamina_binary")

# For target_compatible_with of libraries that make sense in one environment only. Other code
# compiles for every environment.
HOST_ONLY = ["//toolchain:hosted"]
KERNEL_ONLY = ["//toolchain:kernel_environment"]
APP_ONLY = ["//toolchain:app_environment"]

def lamina_kernel(name, deps, linker_script, toolchain = "clang", **kwargs):
    """Links a kernel: `<name>.elf` (stripped, what boots) and `<name>.debug`.

    Args:
      name: the target; as a dependency it stands for both files.
      deps: libraries; those nothing refers to need alwayslink.
      linker_script: file label.
      toolchain: "clang" or "gcc".
      **kwargs: visibility, tags, testonly.
    """
    native.cc_binary(
        name = name + "_link",
        additional_linker_inputs = [linker_script],
        linkopts = ["-Wl,-T,$(location {})".format(linker_script)],
        linkstatic = True,
        tags = ["manual"],
        target_compatible_with = KERNEL_ONLY,
        testonly = kwargs.get("testonly", False),
        visibility = ["//visibility:private"],
        deps = deps,
    )
    lamina_binary(
        name = name,
        binary = name + "_link",
        debug = name + ".debug",
        elf_name = name + ".elf",
        platform = "//toolchain:kernel_gcc" if toolchain == "gcc" else "//toolchain:kernel",
        **kwargs
    )

def lamina_native_app(name, srcs = [], deps = [], copts = [], **kwargs):
    """Links an app over the libOS alone: `<name>` (stripped) and `<name>.debug`.

    Args:
      name: the target, and the app's name in an image.
      srcs: the app's own sources.
      deps: libraries; //libos/rt:start (the entry point) is always among them.
      copts: flags for srcs.
      **kwargs: visibility, tags, testonly.
    """
    native.cc_binary(
        name = name + "_link",
        srcs = srcs,
        copts = copts,
        linkstatic = True,
        tags = ["manual"],
        target_compatible_with = APP_ONLY,
        testonly = kwargs.get("testonly", False),
        visibility = ["//visibility:private"],
        deps = deps + ["//libos/rt:start"],
    )
    lamina_binary(
        name = name,
        binary = name + "_link",
        debug = name + ".debug",
        elf_name = name,
        platform = "//toolchain:app",
        **kwargs
    )

def host_test(name, srcs, deps = [], **kwargs):
    """A doctest test that runs on the host.

    Args:
      name: the target.
      srcs: files that include "doctest/doctest.h"; the main function is supplied.
      deps: what is tested.
      **kwargs: any attribute of cc_test.
    """
    kwargs.setdefault("size", "small")
    native.cc_test(
        name = name,
        srcs = srcs,
        target_compatible_with = HOST_ONLY,
        deps = deps + [
            "//toolchain/doctest:main",
            "@doctest",
        ],
        **kwargs
    )
