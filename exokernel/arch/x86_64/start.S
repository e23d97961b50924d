/* exokernel/arch/x86_64/start.S - from the boot loader (32-bit, no paging) to C++. */

#include "exokernel/core/offsets.h"

#define IMAGE_BASE 0xffffffff80000000
#define PHYSICAL(symbol) ((symbol) - IMAGE_BASE)

/* Long mode with the boot page tables; the far jump to 64-bit code comes next. `no_execute`: the
 * bit of EFER that makes such pages legal, 0 where it is not known yet that there are any. */
    .macro ENTER_LONG_MODE no_execute
    mov %cr4, %eax
    or $0x20, %eax                              /* PAE */
    mov %eax, %cr4
    mov $PHYSICAL(boot_pml4), %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx                       /* EFER: LME */
    rdmsr
    or $0x100 | \no_execute, %eax
    wrmsr
    mov %cr0, %eax
    and $0x9fffffff, %eax                       /* caches on */
    or $0x80000001, %eax                        /* PG, PE */
    mov %eax, %cr0
    .endm

/* Multiboot2 (specification 2.0, 3.1): header in the first 32 KiB. */
    .section .boot.header, "a"
    .balign 8
multiboot_header:
    .long 0xe85250d6
    .long 0                                     /* i386 protected mode */
    .long multiboot_end - multiboot_header
    .long -(0xe85250d6 + multiboot_end - multiboot_header)
    .balign 8
    .short 3, 0                                 /* entry address */
    .long 12
    .long PHYSICAL(multiboot_start)
    .balign 8
    .short 5, 1                                 /* framebuffer, if there is one */
    .long 20
    .long 1024, 768, 32
    .balign 8
    .short 6, 0                                 /* modules on page boundaries */
    .long 8
    .balign 8
    .short 0, 0
    .long 8
multiboot_end:

/* PVH: the 32-bit physical entry (Xen public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY). */
    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, 18
    .asciz "Xen"
    .long PHYSICAL(pvh_start)

    .section .boot.text, "ax"
    .code32
    .globl multiboot_start
multiboot_start:
    mov %eax, %edi                              /* 0x36d76289 */
    mov %ebx, %esi
    jmp start32
pvh_start:
    mov $0x336ec578, %edi                       /* the magic of hvm_start_info */
    mov %ebx, %esi

start32:
    cld
    lgdt PHYSICAL(boot_gdt_register)
    ENTER_LONG_MODE 0
    ljmp $8, $PHYSICAL(start64)

    .code64
start64:
    mov $start_high, %rax
    jmp *%rax

    .text
start_high:
    mov $16, %eax                               /* the others are ignored in 64-bit mode */
    mov %eax, %ss
    xor %ebp, %ebp
    mov exo_other_cpu_root(%rip), %rax          /* 0 until the first CPU starts another */
    test %rax, %rax
    jnz other_cpu
    lea exo_boot_block + KERNEL_STACK_TOP(%rip), %rsp
    rdtsc                                       /* the stack canary, its low byte zero */
    shl $32, %rdx
    or %rdx, %rax
    movabs $0x9e3779b97f4a7c15, %rdx
    imul %rdx, %rax
    shl $8, %rax
    mov %rax, __stack_chk_guard(%rip)
    mov %edi, %edi
    mov %esi, %esi
    call exo_main
    ud2

other_cpu:
    mov %rax, %cr3                              /* from here on the boot GDT is out of reach */
    mov exo_other_cpu_block(%rip), %rdi
    lea KERNEL_STACK_TOP(%rdi), %rsp
    call exo_other_cpu_main
    ud2

/* Another CPU: starts in real mode at the copy of this in a page below 1 MiB, goes straight to long
 * mode with the boot page tables, then to the kernel's and to its own stack (other_cpu). */
    .section .boot.text
    .code16
    .globl exo_other_cpu_start
    .globl exo_other_cpu_start_end
exo_other_cpu_start:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    lgdtl other_cpu_gdt_register - exo_other_cpu_start
    ENTER_LONG_MODE 0x800
    ljmpl $8, $PHYSICAL(start64)
    .balign 4
other_cpu_gdt_register:
    .short 23
    .long PHYSICAL(boot_gdt)
exo_other_cpu_start_end:

/* The first segments of CpuTables (descriptors.hpp), which takes their place. */
    .section .boot.data, "aw"
    .balign 8
boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_register:
    .short 23
    .quad PHYSICAL(boot_gdt)

/* Identity, direct-map and image windows onto the first 4 GiB, by 2 MiB pages. One table serves all
 * three: the first two use its first entries, the image its last. 3: present, writable. */
    .balign 4096
boot_pml4:
    .irp entry, 0, 256, 511
    .org boot_pml4 + 8 * \entry
    .quad PHYSICAL(boot_pdpt) + 3
    .endr
boot_pdpt:
    .irp page, 0, 1, 2, 3
    .quad PHYSICAL(boot_pd) + 4096 * \page + 3
    .endr
    .org boot_pdpt + 8 * 510
    .quad PHYSICAL(boot_pd) + 3, PHYSICAL(boot_pd) + 4096 + 3
boot_pd:
    .set address, 0
    .rept 2048
    .quad address + 0x83                        /* present, writable, large */
    .set address, address + 0x200000
    .endr

    .section .note.GNU-stack, "", @progbits
