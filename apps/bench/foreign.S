/* apps/bench/foreign.S - a foreign call and the shortest entry that serves it. */

#include "lamina/vcpu_offsets.h"

    .text

/* getppid as a C library makes it. */
    .globl bench_getppid
bench_getppid:
    mov $110, %eax
    syscall
    ret

/* Looks the number up in a table of functions and calls one on the caller's behalf, keeping every
 * register but rax, rcx and r11, and the red zone. */
    .globl bench_foreign_entry
bench_foreign_entry:
    cmp $call_table_entries, %rax
    jae unknown
    mov call_table(,%rax,8), %rcx
    test %rcx, %rcx
    jz unknown
    mov %rsp, %gs:AREA_USER
    lea libos_upcall_stack_top(%rip), %rsp
    push %rdi
    push %rsi
    push %rdx
    push %r8
    push %r9
    push %r10
    call *%rcx
    pop %r10
    pop %r9
    pop %r8
    pop %rdx
    pop %rsi
    pop %rdi
    pushq %gs:AREA_FOREIGN_RFLAGS
    mov %gs:AREA_FOREIGN_RIP, %rcx
    movq $0, %gs:AREA_DISABLED
    popfq
    mov %gs:AREA_USER, %rsp
    jmp *%rcx
unknown:
    mov $-38, %rax
    mov %gs:AREA_FOREIGN_RIP, %rcx
    movq $0, %gs:AREA_DISABLED
    jmp *%rcx

getppid:
    mov $1, %eax
    ret

    .section .rodata
    .balign 8
call_table:
    .fill 110, 8, 0
    .quad getppid
    .set call_table_entries, 111

    .section .note.GNU-stack, "", @progbits
