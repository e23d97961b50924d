# toolchain/guest_test/driver.py - boots the image of a guest_test and judges its output
"""The environment names the image: LAMINA_KERNEL, LAMINA_ARCHIVE, LAMINA_ISO. LAMINA_CPUS
says how many processors there are, LAMINA_MEMORY_MIB how much memory; LAMINA_ICOUNT=1 is for the
exact machine; LAMINA_LOCKS is the document of the kernel's locks. With LAMINA_LONG=1
(`lamina test --long`) the guest is told by the word tests=long to run in full size."""
import os
import pathlib
import subprocess
import sys

from toolchain.cli import guest, kernel_log, qemu
from toolchain.guest_test import lock_order, unity_output

TITLE = b"\x1b]0;Lamina\x07"  # what comes before it on the console is the firmware's
SPARE_S = 10  # between our limit and Bazel's


def boot(folder):
    """Runs QEMU until the guest ends. Returns (console, log, what went wrong or None)."""
    image = qemu.Image(kernel=os.environ["LAMINA_KERNEL"], archive=os.environ["LAMINA_ARCHIVE"],
                       iso=os.environ["LAMINA_ISO"])
    console, log = folder / "console", folder / "log"
    console.touch()
    log.touch()
    channels = (f"file,path={console}", f"file,path={log}")
    exact = os.environ.get("LAMINA_ICOUNT") == "1"
    # A panic ends the machine, instead of halting it until the time is over.
    words = ("panic=exit", "locks=panic")
    if os.environ.get("LAMINA_LONG") == "1":
        words += ("tests=long",)
    machine = qemu.Machine(words=words, icount=exact, cpus=int(os.environ["LAMINA_CPUS"]),
                           memory_mib=int(os.environ["LAMINA_MEMORY_MIB"]))
    limit_s = int(os.environ.get("TEST_TIMEOUT", "300")) - SPARE_S
    wrong = None
    try:
        done = subprocess.run(qemu.command_line(machine, image, *channels),
                              stdin=subprocess.DEVNULL, timeout=limit_s, check=False)
        if done.returncode:
            wrong = f"QEMU ended with {done.returncode}"
    except subprocess.TimeoutExpired:
        wrong = f"the guest did not end within {limit_s} s"
    shown = console.read_bytes().rpartition(TITLE)[2].decode("utf-8", "replace")
    return shown.replace("\r", ""), kernel_log.read(log), wrong


def main():
    with guest.scratch() as folder:
        console, log, wrong = boot(pathlib.Path(folder))
    print(console)
    end = kernel_log.end_of(log)
    if wrong is None and end.status is None:
        wrong = "the guest died"
    if wrong is None and end.status:
        wrong = f"the guest powered off with status {end.status}"
    documented = pathlib.Path(os.environ["LAMINA_LOCKS"]).read_text(encoding="utf-8")
    wrong = wrong or unity_output.complaint(console) or lock_order.complaint(log, documented)
    if wrong:
        sys.exit(f"{wrong}; the end of the kernel's log:\n{kernel_log.tail(log)}")


if __name__ == "__main__":
    main()
