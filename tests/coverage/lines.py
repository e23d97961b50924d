# tests/coverage/lines.py - which lines of the sources programs have run, by file and by folder
import collections
import os
import pathlib
import subprocess

LLVM = "/usr/lib/llvm-19/bin"


def run(programs, folder):
    """Runs each (program, arguments) and returns the LCOV text of all of them together."""
    folder = pathlib.Path(folder)
    for number, (program, arguments) in enumerate(programs):
        environment = dict(os.environ, LLVM_PROFILE_FILE=str(folder / f"{number}.profraw"))
        subprocess.run([program, *arguments], env=environment, check=True,
                       stdout=subprocess.DEVNULL)
    merged = folder / "merged.profdata"
    subprocess.run([f"{LLVM}/llvm-profdata", "merge", "-sparse", "-o", merged,
                    *folder.glob("*.profraw")], check=True)
    first, *others = [program for program, _ in programs]
    export = [f"{LLVM}/llvm-cov", "export", "-format=lcov", f"-instr-profile={merged}", first]
    for other in others:
        export += ["-object", other]
    return subprocess.run(export, check=True, stdout=subprocess.PIPE, text=True).stdout


def by_file(lcov):
    """{file: {line: how often it ran}} of LCOV text."""
    files = collections.defaultdict(lambda: collections.defaultdict(int))
    here = None
    for row in lcov.splitlines():
        kind, _, rest = row.partition(":")
        if kind == "SF":
            here = files[rest.removeprefix("./")]
        elif kind == "DA":
            line, count = rest.split(",")[:2]
            here[int(line)] += int(count)
    return files


def by_folder(files):
    """{folder: (lines that ran, lines)}."""
    folders = collections.defaultdict(lambda: [0, 0])
    for path, lines in files.items():
        counts = folders[os.path.dirname(path)]
        counts[0] += sum(1 for count in lines.values() if count)
        counts[1] += len(lines)
    return {folder: tuple(counts) for folder, counts in folders.items()}


def missed(files, folder):
    """`path: line, line...` of the lines of a folder that did not run."""
    return [f"{path}: {', '.join(str(line) for line in sorted(lines) if not lines[line])}"
            for path, lines in sorted(files.items())
            if os.path.dirname(path) == folder and not all(lines.values())]
