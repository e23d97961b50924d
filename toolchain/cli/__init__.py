# toolchain/cli/__init__.py - the command-line tool
