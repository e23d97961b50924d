# toolchain/cli/commands/__init__.py - one module a command
