# toolchain/image/iso.py - the bootable image: one ISO for BIOS and UEFI, disc and USB stick
"""Usage: iso.py OUT KERNEL ARCHIVE GRUB_CFG. The same inputs give the same bytes.

grub-mkrescue stamps times into the image, so its steps are done here with every date fixed."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

DATE = "2024010100000000"  # YYYYMMDDhhmmsscc, UTC
EPOCH = 1704067200  # the same second
VOLUME = "LAMINA"
FAT_SERIAL = "4c414d41"
GRUB = "/usr/lib/grub"

# Inside GRUB's core: finds the medium, then reads grub.cfg from it. No comments: the parser of
# this stage does not know them.
EARLY_CFG = """\
search --file --set=root /boot/kernel.elf
set prefix=($root)/boot/grub
"""

MODULES = ("iso9660 fat part_gpt part_msdos search search_fs_file normal configfile test "
           "multiboot2 smbios video video_fb").split()
MODULES_BIOS = "biosdisk vbe".split()
MODULES_UEFI = "efi_gop".split()

ENVIRONMENT = {
    "LC_ALL": "C",
    "MTOOLS_SKIP_CHECK": "1",
    "MTOOLSRC": "/dev/null",
    "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
    "SOURCE_DATE_EPOCH": str(EPOCH),
    "TZ": "UTC",
}


def run(*command):
    """Runs a tool; its output is shown only if it fails."""
    done = subprocess.run([str(word) for word in command], env=ENVIRONMENT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit(f"{done.stdout}iso: {command[0]} failed with status {done.returncode}")


def grub_core(target, modules, early_cfg, out):
    folder = f"{GRUB}/{target.removesuffix('-eltorito')}"
    run("grub-mkimage", "-O", target, "-d", folder, "-c", early_cfg, "-p", "/boot/grub",
        "-o", out, *modules)


def efi_partition(core, out):
    """A FAT file system with the loader under the name UEFI looks for."""
    os.utime(core, (EPOCH, EPOCH))
    run("mformat", "-C", "-i", out, "-f", "1440", "-N", FAT_SERIAL, "-v", VOLUME, "::")
    run("mmd", "-i", out, "::/EFI", "::/EFI/BOOT")
    run("mcopy", "-m", "-i", out, core, "::/EFI/BOOT/BOOTX64.EFI")


def set_dates(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        os.utime(path, (EPOCH, EPOCH))
    os.utime(folder, (EPOCH, EPOCH))


def main():
    out, kernel, archive, grub_cfg = map(os.path.abspath, sys.argv[1:])
    with tempfile.TemporaryDirectory() as scratch:
        early_cfg = pathlib.Path(scratch, "early.cfg")
        early_cfg.write_text(EARLY_CFG, encoding="ascii")
        root = pathlib.Path(scratch, "root")
        (root / "boot/grub").mkdir(parents=True)
        shutil.copyfile(kernel, root / "boot/kernel.elf")
        shutil.copyfile(archive, root / "boot/apps.archive")
        shutil.copyfile(grub_cfg, root / "boot/grub/grub.cfg")
        grub_core("i386-pc-eltorito", MODULES + MODULES_BIOS, early_cfg,
                  root / "boot/grub/eltorito.img")
        grub_core("x86_64-efi", MODULES + MODULES_UEFI, early_cfg, f"{scratch}/bootx64.efi")
        efi_partition(f"{scratch}/bootx64.efi", root / "efi.img")
        set_dates(root)
        run("xorriso", "-no_rc", "-as", "mkisofs", "-quiet", "-r", "-V", VOLUME,
            f"--modification-date={DATE}", "--set_all_file_dates", DATE,
            "-b", "boot/grub/eltorito.img", "-no-emul-boot", "-boot-load-size", "4",
            "-boot-info-table", "--grub2-boot-info",
            "--grub2-mbr", f"{GRUB}/i386-pc/boot_hybrid.img",
            "--efi-boot", "efi.img", "-efi-boot-part", "--efi-boot-image",
            "--protective-msdos-label", "-o", out, root)


if __name__ == "__main__":
    main()
