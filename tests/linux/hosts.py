# tests/linux/hosts.py - runs a program of the tests on this machine
import os
import subprocess

LIMIT_S = 120
SIGNAL_BASE = 128


def on_host(program, *arguments, environment=None):
    """(standard output, standard error, exit status); a signal counts as a shell counts it. The
    word of the environment that names the file is the program's name in capitals."""
    done = subprocess.run([os.path.abspath(os.environ[program.upper()]), *arguments], check=False,
                          cwd="/", env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT_S)
    status = SIGNAL_BASE - done.returncode if done.returncode < 0 else done.returncode
    return done.stdout.decode(), done.stderr.decode(), status
