# toolchain/cli/packages.py - reads toolchain/packages.txt
import dataclasses
import os

from toolchain.cli.places import ROOT

FILE = ROOT / "toolchain" / "packages.txt"


@dataclasses.dataclass(frozen=True)
class Package:
    """A Debian package, the section that needs it, and the files that prove it is there."""

    section: str
    name: str
    proofs: tuple

    def present(self):
        """True if every one of its files is there."""
        return all(os.path.exists(path) for path in self.proofs)


def read(text=None):
    """All packages, in the order of the file."""
    packages = []
    section = ""
    for line in (FILE.read_text(encoding="ascii") if text is None else text).splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, *proofs = line.split()
            packages.append(Package(section, name, tuple(proofs)))
    return packages
