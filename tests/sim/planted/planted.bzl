# tests/sim/planted/planted.bzl - the simulator over a kernel with a mistake in it
"""planted_bug(name, source): a simulator whose copy of one kernel source has a patch applied."""

load("//toolchain:lamina.bzl", "HOST_ONLY")

def planted_bug(name, source):
    """Applies `<name>.patch` to a copy of `source` and links it in place of the original.

    A patch that does not apply as it stands fails the build.

    Args:
      name: the simulator with this mistake in its kernel.
      source: label of the one .cpp file that the patch is for.
    """
    copy = "{}_copy/{}".format(name, source.split(":")[1])
    native.genrule(
        name = name + "_copy",
        srcs = [
            source,
            name + ".patch",
        ],
        outs = [copy],
        cmd = ("cp $(location {source}) $@ && chmod u+w $@ && " +
               "patch --quiet --fuzz=0 --no-backup-if-mismatch --reject-file=- " +
               "$@ $(location {patch})").format(source = source, patch = name + ".patch"),
        message = "Planting a mistake:",
    )

    # An object of the program's own comes before the libraries: it defines all that the library's
    # object of the same source does, so that one is left out.
    native.cc_binary(
        name = name,
        testonly = True,
        srcs = [copy],
        target_compatible_with = HOST_ONLY,
        deps = [
            "//tests/sim:main",
            "//exokernel/syscall:calls",
        ],
    )
