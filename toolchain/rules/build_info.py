# toolchain/rules/build_info.py - turns Bazel's stable status file into a C++ header
"""Usage: build_info.py STATUS VERSION_FILE OUT FLAGS FEATURES. No time, host or path gets in."""

import sys

TEMPLATE = """\
// toolchain/build_info.hpp - from which commit and how this program was built (generated)
#pragma once

namespace lamina::build {{

inline constexpr char version[] = {version};
inline constexpr char commit[] = {commit};
inline constexpr char branch[] = {branch};
inline constexpr bool dirty = {dirty};
inline constexpr char compiler[] = LAMINA_COMPILER;
inline constexpr char flags[] = {flags};
inline constexpr char features[] = {features};

}}  // namespace lamina::build
"""

COMPILER = """\
#ifdef __clang__
#define LAMINA_COMPILER __VERSION__
#else
#define LAMINA_COMPILER "GCC " __VERSION__
#endif
"""


def quote(text):
    """A C string literal of printable ASCII; anything else becomes '?'."""
    safe = "".join(c if " " <= c <= "~" else "?" for c in text)
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_status(path):
    """The STABLE_LAMINA_ keys of a Bazel status file, without their prefix, in lower case."""
    prefix = "STABLE_LAMINA_"
    values = {}
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            key, _, value = line.rstrip("\n").partition(" ")
            if key.startswith(prefix):
                values[key[len(prefix):].lower()] = value
    return values


def main():
    status_path, version_path, out_path, flags, features = sys.argv[1:]
    status = read_status(status_path)
    with open(version_path, encoding="ascii") as file:
        version = file.read().strip()
    header = TEMPLATE.format(
        version=quote(version),
        commit=quote(status.get("commit", "unknown")),
        branch=quote(status.get("branch", "unknown")),
        dirty="true" if status.get("dirty") == "yes" else "false",
        flags=quote(flags),
        features=quote(features),
    )
    head, body = header.split("#pragma once\n", 1)
    with open(out_path, "w", encoding="ascii") as out:
        out.write(head + "#pragma once\n\n" + COMPILER + body)


if __name__ == "__main__":
    main()
