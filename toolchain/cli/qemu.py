# toolchain/cli/qemu.py - the machine, as QEMU's command line
"""Serial port 1 is the console of the guest's shell, port 2 the kernel's log."""
import dataclasses

QEMU = "/usr/bin/qemu-system-x86_64"
UEFI_FIRMWARE = "/usr/share/ovmf/OVMF.fd"
MEMORY_MIB = 512

# What an instruction counts must not depend on the host or on fast string microcode.
EXACT_CPU = "max,-erms,-la57"
EXACT_CLOCK = ["-icount", "shift=0,sleep=off", "-seed", "1",
               "-rtc", "base=2024-01-01T00:00:00,clock=vm"]


@dataclasses.dataclass(frozen=True)
class Image:
    """The files a machine boots from: kernel and archive for direct, the ISO for bios, uefi."""

    kernel: str
    archive: str
    iso: str


@dataclasses.dataclass(frozen=True)
class Machine:
    """What the machine is. `words` go to the kernel's command line."""

    firmware: str = "direct"
    cpus: int = 1
    memory_mib: int = MEMORY_MIB
    disk: str | None = None
    icount: bool = False
    words: tuple = ()
    extra: tuple = ()


def machine_of(arguments, words):
    """The Machine the options ask for, with `words` before those of --append."""
    return Machine(
        firmware=arguments.firmware or "direct",
        cpus=arguments.cpus or 1,
        memory_mib=arguments.memory or MEMORY_MIB,
        disk=arguments.disk,
        icount=bool(arguments.icount),
        words=(*words, *(arguments.append or ())),
    )


def file_device(path):
    """The character device that writes into a file, emptied before."""
    return f"file,path={_quoted(path)}"


def command_line(machine, image, console, log):
    """QEMU's argument list. `console` and `log` are character devices, such as "socket,fd=3"."""
    argv = [QEMU, "-display", "none", "-monitor", "none", "-nic", "none", "-no-reboot",
            "-M", "q35" if machine.firmware == "uefi" else "pc", "-accel", "tcg",
            "-smp", str(machine.cpus), "-m", f"{machine.memory_mib}M",
            "-cpu", EXACT_CPU if machine.icount else "max",
            "-chardev", f"{console},id=console", "-serial", "chardev:console",
            "-chardev", f"{log},id=log", "-serial", "chardev:log"]
    if machine.icount:
        argv += EXACT_CLOCK
    words = " ".join(machine.words)
    if machine.firmware == "direct":
        argv += ["-kernel", image.kernel, "-initrd", image.archive, "-append", words]
    else:
        argv += _drive("cd", image.iso, "raw", read_only=True)
        argv += ["-device", "ide-cd,drive=cd,bootindex=0"]
        if words:
            argv += ["-smbios", f"type=11,value={_quoted(words)}"]
        if machine.firmware == "uefi":
            argv += ["-bios", UEFI_FIRMWARE]
    if machine.disk:
        argv += _drive("disk0", machine.disk, _disk_format(machine.disk), read_only=False)
        argv += ["-device", "virtio-blk-pci,drive=disk0"]
    return argv + list(machine.extra)


def _drive(name, path, image_format, read_only):
    return ["-drive", f"if=none,id={name},format={image_format},file={_quoted(path)},"
            f"readonly={'on' if read_only else 'off'}"]


def _disk_format(path):
    with open(path, "rb") as disk:
        return "qcow2" if disk.read(4) == b"QFI\xfb" else "raw"


def _quoted(text):
    """A comma ends an option's value in QEMU's syntax; two stand for one."""
    return str(text).replace(",", ",,")
