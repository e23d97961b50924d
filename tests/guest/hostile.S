/* tests/guest/hostile.S - contexts and entries of an app that attacks the kernel by its upcalls. */

#include "lamina/call_words.h"
#include "lamina/vcpu_offsets.h"

    .text

/* Every register but rbp and rsp with a number of its own, then a write to nowhere. */
    .globl hostile_write_nowhere
hostile_write_nowhere:
    mov $0x1000, %eax
    mov $0x1001, %ebx
    mov $0x1002, %ecx
    mov $0x1003, %edx
    mov $0x1004, %esi
    mov $0x580000000000, %rdi
    mov $0x1007, %r8d
    mov $0x1008, %r9d
    mov $0x1009, %r10d
    mov $0x100a, %r11d
    mov $0x100b, %r12d
    mov $0x100c, %r13d
    mov $0x100d, %r14d
    mov $0x100e, %r15d
    movb $1, (%rdi)
    ud2

/* With the stack pointer given in rdi: a foreign call, a native one, an exception that is skipped.
 * Returns the status of the native one. */
    .globl hostile_call_on_stack
hostile_call_on_stack:
    mov %rsp, %rbx
    mov %rdi, %rsp
    mov $4242, %eax
    syscall
    mov $(CALL_GATE_RETURN >> 32), %eax     /* the tag of native calls */
    shl $32, %rax
    syscall
    mov %eax, %ecx
    ud2
    mov %rbx, %rsp
    mov %ecx, %eax
    ret

/* A foreign call answered with 0. */
    .globl hostile_foreign_entry
hostile_foreign_entry:
    xor %eax, %eax
    mov %gs:AREA_FOREIGN_RIP, %rcx
    movq $0, %gs:AREA_DISABLED
    jmp *%rcx

/* A foreign call whose entry is the instruction behind it. */
    .globl hostile_foreign_call, hostile_after_foreign_call
hostile_foreign_call:
    mov $4242, %eax
    syscall
hostile_after_foreign_call:
    ret

/* A program whose every instruction is its resume range: an interrupt sends it to its start. */
    .globl hostile_range_start, hostile_range_end
hostile_range_start:
    mov hostile_range_stack(%rip), %rsp
    call hostile_range_restarted
    .globl hostile_range_loop
hostile_range_loop:
    mov %rsp, hostile_range_stack(%rip)
1:  jmp 1b
hostile_range_end:

    .bss
    .balign 8
hostile_range_stack:
    .skip 8

    .section .note.GNU-stack, "", @progbits
