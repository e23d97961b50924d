# toolchain/cli/commands/image.py - `lamina image`: builds the ISO; copies it, or shows sizes
import os
import shutil

from toolchain.cli import archive, artifacts
from toolchain.cli.errors import UsageError

KERNEL_BAR = 256 << 10
BARE_IMAGE_BAR = 2_500_000


def run(arguments):
    """Prints the path of the ISO, or the sizes of its parts; 1 if one is over its bar."""
    target = arguments.o
    if target and (os.path.isdir(target) or not os.path.isdir(os.path.dirname(target) or ".")):
        raise UsageError(f"-o: cannot write {target}")
    image = artifacts.image()
    if target:
        shutil.copyfile(image.iso, target)
    if arguments.sizes:
        return 0 if _print_sizes(image) else 1
    if not target:
        print(image.iso)
    return 0


def _print_sizes(image):
    """A row a part, in bytes. True if every bar is kept."""
    iso, kernel = os.path.getsize(image.iso), os.path.getsize(image.kernel)
    packed = os.path.getsize(image.archive)
    bare = iso - packed
    rows = [("ISO", iso, None), ("ISO without apps", bare, BARE_IMAGE_BAR),
            ("kernel", kernel, KERNEL_BAR), ("archive", packed, None)]
    rows += [(f"  {entry.name} ({entry.kind_name})", entry.size, None)
             for entry in archive.entries(image.archive)]
    for name, size, bar in rows:
        verdict = f"  bar {bar}: {'kept' if size <= bar else 'EXCEEDED'}" if bar else ""
        print(f"{name:<28} {size:>9}{verdict}")
    return all(bar is None or size <= bar for _, size, bar in rows)
