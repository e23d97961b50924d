# toolchain/cli/places.py - where the files of the source tree are
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION_FILE = ROOT / "toolchain" / "version.txt"


def version():
    """The version of Lamina, such as "0.1.0"."""
    return VERSION_FILE.read_text(encoding="ascii").strip()
