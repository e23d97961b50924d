# toolchain/docs/write.py - renews the documents that are made from the sources
"""Usage: python3 toolchain/docs/write.py"""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# As a script this file is run from anywhere; in a test the tree is on the path already.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from toolchain.docs import figures, linux_calls, system_calls  # noqa: E402

DOCUMENTS = {
    "docs/linux-abi.md": linux_calls.page_of_tree,
    "docs/performance.md": figures.page_of_tree,
    "docs/system-calls.md": system_calls.page_of_tree,
}


def main():
    """Writes what has changed, and says so."""
    for path, page_of_tree in DOCUMENTS.items():
        text = page_of_tree(ROOT)
        if (ROOT / path).read_text(encoding="utf-8") != text:
            (ROOT / path).write_text(text, encoding="utf-8")
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
