# toolchain/lamina.bzl - the macros of BUILD files: kernels, apps, images, tests
"""lamina_kernel, lamina_native_app, lamina_app, lamina_image, and tests."""

load("//toolchain/rules:binary.bzl", "lamina_binary")
load("//toolchain/rules:image.bzl", "lamina_image_files")

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

def _stock_program(name, srcs, deps, copts, linkopts, **kwargs):
    """A static program of the stock compiler and C library: `<name>` and `<name>.debug`."""
    native.cc_binary(
        name = name + "_link",
        srcs = srcs,
        copts = copts,
        linkopts = linkopts,
        linkstatic = True,
        tags = ["manual"],
        target_compatible_with = HOST_ONLY,
        testonly = kwargs.get("testonly", False),
        visibility = ["//visibility:private"],
        deps = deps,
    )
    lamina_binary(
        name = name,
        binary = name + "_link",
        debug = name + ".debug",
        elf_name = name,
        platform = "//toolchain:stock",
        strip = "/usr/bin/strip",
        **kwargs
    )

def lamina_app(name, srcs = [], deps = [], copts = [], libos = "//libos/linux:object", **kwargs):
    """Links an app of the stock compiler and C library with the libOS: `<name>`, `<name>.debug`.

    The C library's system calls are served by the libOS in the app itself. The same file runs on
    Linux too, where the libOS stands aside.

    Args:
      name: the target, and the app's name in an image.
      srcs: the app's own sources, C or C++; "libos/linux/lamina.h" is what they may ask the libOS.
      deps: libraries compiled for the host.
      copts: flags for srcs.
      libos: the libos_object linked before the C library.
      **kwargs: visibility, tags, testonly.
    """
    _stock_program(
        name,
        srcs = [libos] + srcs,
        deps = deps,
        copts = copts,
        linkopts = ["-Wl,-e,lamina_entry", "-Wl,--defsym,lamina_program_start=_start"],
        **kwargs
    )

def foreign_program(name, srcs = [], deps = [], copts = [], **kwargs):
    """Links a static program of the stock compiler that knows nothing of Lamina.

    Args:
      name: the target, and the program's name in an image.
      srcs: its sources, C or C++.
      deps: libraries compiled for the host.
      copts: flags for srcs.
      **kwargs: visibility, tags, testonly.
    """
    _stock_program(name, srcs = srcs, deps = deps, copts = copts, linkopts = [], **kwargs)

def lamina_native_app(name, srcs = [], deps = [], copts = [], image_base = "0x400000", **kwargs):
    """Links an app over the libOS alone: `<name>` (stripped) and `<name>.debug`.

    Args:
      name: the target, and the app's name in an image.
      srcs: the app's own sources.
      deps: libraries; //libos/rt:start (the entry point) is always among them.
      copts: flags for srcs.
      image_base: the address of its first page.
      **kwargs: visibility, tags, testonly.
    """
    native.cc_binary(
        name = name + "_link",
        srcs = srcs,
        copts = copts,
        linkopts = ["-Wl,--image-base=" + image_base],
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

def python_test(name, srcs, **kwargs):
    """A Python unittest program that runs on the host.

    Args:
      name: the target; `<name>.py` is the main file unless `main` says otherwise.
      srcs: the test.
      **kwargs: any attribute of py_test.
    """
    kwargs.setdefault("size", "small")
    native.py_test(
        name = name,
        srcs = srcs,
        python_version = "PY3",
        target_compatible_with = HOST_ONLY,
        **kwargs
    )

def fuzz_test(name, srcs, deps = [], runs = 100000, options = [], **kwargs):
    """A libFuzzer program; there is one only with --config=fuzz.

    As a test it takes a fixed number of steps from a fixed seed.

    Args:
      name: the target.
      srcs: files that define LLVMFuzzerTestOneInput.
      deps: what is tested.
      runs: the number of steps.
      options: further ones of libFuzzer.
      **kwargs: any attribute of cc_test.
    """
    kwargs.setdefault("size", "medium")
    native.cc_test(
        name = name,
        srcs = srcs,
        args = [
            "-runs={}".format(runs),
            "-seed=1",
            "-max_len=1024",
        ] + options,
        linkopts = ["-fsanitize=fuzzer"],
        linkstatic = True,
        target_compatible_with = HOST_ONLY + select({
            "//toolchain:fuzzing": [],
            "//conditions:default": ["//toolchain:only_when_fuzzing"],
        }),
        deps = deps,
        **kwargs
    )

def lamina_image(name, kernel, apps = [], files = {}, **kwargs):
    """Packs what boots: `<name>.iso`, and for a direct boot `<name>.elf` with `<name>.archive`.

    Args:
      name: the target; its default output is the ISO.
      kernel: a lamina_kernel.
      apps: lamina_native_app targets; each travels under its target's name with its symbols.
      files: data files, name in the archive -> label.
      **kwargs: visibility, tags, testonly.
    """
    lamina_image_files(
        name = name,
        apps = apps,
        archive = name + ".archive",
        elf = name + ".elf",
        files = {label: file for file, label in files.items()},
        iso = name + ".iso",
        kernel = kernel,
        **kwargs
    )

def _image_environment(image):
    """Where a test finds an image's files, relative to its working directory."""
    return {
        "LAMINA_ARCHIVE": "$(rootpath {}.archive)".format(image),
        "LAMINA_ISO": "$(rootpath {}.iso)".format(image),
        "LAMINA_KERNEL": "$(rootpath {}.elf)".format(image),
    }

def _image_files(image):
    return [image + ending for ending in [".archive", ".elf", ".iso"]]

def boot_test(name, srcs, image = "//:image", deps = [], data = [], env = {}, **kwargs):
    """A Python test that boots an image with the harness in //tests/boot.

    The environment names the image's files: LAMINA_KERNEL, LAMINA_ARCHIVE, LAMINA_ISO.

    Args:
      name: the target.
      srcs: the test; `<name>.py` is its main file unless `main` says otherwise.
      image: label of a lamina_image.
      deps: more Python libraries.
      data: more files.
      env: more environment variables.
      **kwargs: any attribute of py_test.
    """
    kwargs.setdefault("size", "medium")
    python_test(
        name = name,
        srcs = srcs,
        data = data + _image_files(image),
        env = dict(_image_environment(image), **env),
        deps = deps + ["//tests/boot:harness"],
        **kwargs
    )

def guest_test(
        name,
        srcs,
        deps = [],
        copts = [],
        apps = [],
        files = {},
        kernel = "//exokernel:kernel",
        icount = False,
        cpus = 1,
        memory_mib = 512,
        **kwargs):
    """Unity tests that run as an app inside a booted image of their own.

    The image holds init, the test as app `<name>_app` (the one that ends the machine), `apps` and
    `files`. The test passes if every Unity line says PASS and the machine powers off with 0.

    Args:
      name: the target.
      srcs: the test's sources; they include "libos/test/unity.hpp".
      deps: what is tested.
      copts: flags for srcs.
      apps: further apps in the image.
      files: further data files, name -> label.
      kernel: the kernel that boots.
      icount: True for the exact machine, on which one tick of the clock is one instruction.
      cpus: how many processors the machine has.
      memory_mib: how much memory it has.
      **kwargs: any attribute of py_test.
    """
    kwargs.setdefault("size", "medium")
    app = name + "_app"
    image = name + "_image"
    env = dict(
        _image_environment(":" + image),
        LAMINA_CPUS = str(cpus),
        LAMINA_MEMORY_MIB = str(memory_mib),
        LAMINA_LOCKS = "docs/locks.md",
    )
    if icount:
        env["LAMINA_ICOUNT"] = "1"
    lamina_native_app(
        name = app,
        srcs = srcs,
        copts = copts,
        testonly = True,
        deps = deps + ["//libos/test:unity"],
    )
    native.genrule(
        name = name + "_manifest",
        outs = [name + ".manifest"],
        cmd = "echo 'start {} quota=90% console=rw archive info power main' > $@".format(app),
    )
    lamina_image(
        name = image,
        testonly = True,
        apps = ["//apps/init", app] + apps,
        files = dict(files, manifest = name + ".manifest"),
        kernel = kernel,
    )
    python_test(
        name = name,
        srcs = ["//toolchain/guest_test:driver.py"],
        data = _image_files(":" + image) + ["//docs:locks.md"],
        env = env,
        main = "//toolchain/guest_test:driver.py",
        deps = [
            "//toolchain/cli",
            "//toolchain/guest_test:judges",
        ],
        **kwargs
    )
