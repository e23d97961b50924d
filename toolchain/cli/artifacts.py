# toolchain/cli/artifacts.py - the files a build of the default image gives
from toolchain.cli import bazel
from toolchain.cli.errors import Broken
from toolchain.cli.qemu import Image

KERNEL = "//exokernel:kernel"
ARCHIVE = "//:image.archive"
ISO = "//:image.iso"


def _pick(files, name):
    for path, absolute in files.items():
        if path == name or path.endswith("/" + name):
            return absolute
    raise Broken(f"the build did not give {name}")


def image(needs_iso=True):
    """Builds the default image; the ISO only if asked for. Returns an Image."""
    files = bazel.build([KERNEL, ARCHIVE] + ([ISO] if needs_iso else []))
    return Image(kernel=_pick(files, "exokernel/kernel.elf"),
                 archive=_pick(files, "image.archive"),
                 iso=_pick(files, "image.iso") if needs_iso else "")


def symbols():
    """Builds and returns ({app: file with symbols}, the kernel's file with symbols)."""
    labels = bazel.query("labels(apps, //:image)").split()
    files = bazel.build([KERNEL, *labels])
    apps = {path.rsplit("/", 1)[-1][:-len(".debug")]: absolute
            for path, absolute in files.items()
            if path.endswith(".debug") and not path.startswith("exokernel/")}
    return apps, _pick(files, "exokernel/kernel.debug")
