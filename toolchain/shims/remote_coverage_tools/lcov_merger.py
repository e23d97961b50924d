#!/usr/bin/python3
# toolchain/shims/remote_coverage_tools/lcov_merger.py - gcov's JSON, or LCOV, to one LCOV file
"""Per test: --coverage_dir, --source_file_manifest, --filter_sources; for all tests together:
--reports_file, a list of LCOV files. Both: --output_file. Counts of one line are added up."""

import argparse
import glob
import gzip
import json
import os
import re
from collections import defaultdict


class Source:
    """What was executed in one source file."""

    def __init__(self):
        self.lines = defaultdict(int)      # line -> count
        self.functions = {}                # mangled name -> [first line, count]
        self.branches = defaultdict(int)   # (line, block, branch) -> count

    def add_function(self, name, line, count):
        entry = self.functions.setdefault(name, [line, 0])
        entry[1] += count


def read_gcov(path, sources, actual):
    """Adds a .gcov.json.gz file. `actual`: reported name -> name in the tree."""
    with gzip.open(path, "rt", encoding="utf-8") as text:
        report = json.load(text)
    for entry in report["files"]:
        name = os.path.normpath(entry["file"])
        source = sources[actual.get(name, name)]
        for function in entry["functions"]:
            source.add_function(function["name"], function["start_line"],
                                function["execution_count"])
        blocks = defaultdict(dict)
        for line in entry["lines"]:
            number = line["line_number"]
            source.lines[number] += line["count"]
            # Instances of a template share lines: each instance is a block of its own.
            block = blocks[number].setdefault(line.get("function_name"), len(blocks[number]))
            for index, branch in enumerate(line.get("branches", [])):
                source.branches[number, block, index] += branch["count"]


def read_lcov(path, sources):
    """Adds an LCOV file."""
    source = None
    first_lines = {}
    with open(path, encoding="utf-8") as text:
        for record in text:
            kind, _, value = record.rstrip("\n").partition(":")
            if kind == "SF":
                source, first_lines = sources[value], {}
            elif kind == "FN":
                line, name = value.split(",", 1)
                first_lines[name] = int(line)
            elif kind == "FNDA":
                count, name = value.split(",", 1)
                source.add_function(name, first_lines[name], int(count))
            elif kind == "BRDA":
                line, block, branch, count = value.split(",")
                source.branches[int(line), int(block), int(branch)] += int(count.replace("-", "0"))
            elif kind == "DA":
                line, count = value.split(",")[:2]
                source.lines[int(line)] += int(count)


def write_lcov(path, sources):
    """Writes all sources, sorted."""
    with open(path, "w", encoding="utf-8") as out:
        for name in sorted(sources):
            source = sources[name]
            records = [f"SF:{name}"]
            records += [f"FN:{line},{f}" for f, (line, _) in sorted(source.functions.items())]
            records += [f"FNDA:{count},{f}" for f, (_, count) in sorted(source.functions.items())]
            records += [f"FNF:{len(source.functions)}",
                        f"FNH:{sum(1 for _, count in source.functions.values() if count)}"]
            records += [f"BRDA:{line},{block},{branch},{count if source.lines[line] else '-'}"
                        for (line, block, branch), count in sorted(source.branches.items())]
            records += [f"BRF:{len(source.branches)}",
                        f"BRH:{sum(1 for count in source.branches.values() if count)}"]
            records += [f"DA:{line},{count}" for line, count in sorted(source.lines.items())]
            records += [f"LH:{sum(1 for count in source.lines.values() if count)}",
                        f"LF:{len(source.lines)}", "end_of_record"]
            out.write("\n".join(records) + "\n")


def read_actual_names(path):
    """{reported name: name in the tree} of headers that are included through links."""
    if not path:
        return {}
    with open(path, encoding="utf-8") as pairs:
        return dict(pair.rstrip("\n").split(":", 1) for pair in pairs if ":" in pair)


def wanted(name, filters, manifest):
    return (not any(re.fullmatch(f, name) for f in filters) and not name.startswith("/") and
            (manifest is None or name in manifest))


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--coverage_dir")
    parser.add_argument("--reports_file")
    parser.add_argument("--output_file", required=True)
    parser.add_argument("--filter_sources", action="append", default=[])
    parser.add_argument("--source_file_manifest")
    parser.add_argument("--sources_to_replace_file")
    args, _ = parser.parse_known_args()

    sources = defaultdict(Source)
    actual = read_actual_names(args.sources_to_replace_file)
    if args.coverage_dir:
        for path in sorted(glob.glob(args.coverage_dir + "/**/*.gcov.json.gz", recursive=True)):
            read_gcov(path, sources, actual)
    if args.reports_file:
        with open(args.reports_file, encoding="utf-8") as names:
            for path in names.read().split():
                if path.endswith(".dat") and os.path.getsize(path):
                    read_lcov(path, sources)
    manifest = None
    if args.source_file_manifest:
        with open(args.source_file_manifest, encoding="utf-8") as names:
            manifest = set(names.read().split())
    kept = {name: source for name, source in sources.items()
            if wanted(name, args.filter_sources, manifest)}
    write_lcov(args.output_file, kept)


if __name__ == "__main__":
    main()
