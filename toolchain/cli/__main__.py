# toolchain/cli/__main__.py - makes `python3 toolchain/cli` run the tool
import pathlib
import sys

# The tool is the package toolchain.cli of the source tree, here and in Bazel's tests.
sys.path[0] = str(pathlib.Path(__file__).resolve().parents[2])

from toolchain.cli.main import main  # noqa: E402

sys.exit(main(sys.argv[1:]))
