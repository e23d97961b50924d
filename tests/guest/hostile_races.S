/* tests/guest/hostile_races.S - upcall entries that believe nothing in the vCPU area, for an app
 * whose area and arguments another CPU changes. */

#include "lamina/vcpu_offsets.h"

    .macro KEEP_CALLER next
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, hostile_race_rsp(%rip)
    lea \next(%rip), %rax
    mov %rax, hostile_race_next(%rip)
    .endm

    .macro RETURN status
    mov $\status, %eax
    jmp return_status
    .endm

    .text

return_status:
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* An exception or a foreign call: enables in every frame the area may lie in, by mappings that
 * nobody else changes, and goes on where the function that caused it wants. */
    .globl hostile_race_entry
hostile_race_entry:
    incq hostile_race_upcalls(%rip)
    mov hostile_race_aliases(%rip), %rcx
    movq $0, AREA_DISABLED(%rcx)
    mov hostile_race_aliases + 8(%rip), %rcx
    movq $0, AREA_DISABLED(%rcx)
    mov hostile_race_rsp(%rip), %rsp
    jmp *hostile_race_next(%rip)

/* Each returns 0 if its upcall came. */
    .globl hostile_race_exception, hostile_race_foreign_call
hostile_race_exception:
    KEEP_CALLER upcall_came
    ud2
hostile_race_foreign_call:
    KEEP_CALLER upcall_came
    mov $4242, %eax
    syscall
    RETURN 1
upcall_came:
    RETURN 0

/* Writes rsi to where rdi points: 0 if it did, 1 if it faulted. */
    .globl hostile_race_write
hostile_race_write:
    KEEP_CALLER came_badly
    mov %rsi, (%rdi)
    RETURN 0
came_badly:
    RETURN 1

/* Makes the call in rsi with the argument in rdi: its status. A context that it goes on with is to
 * lead to hostile_race_arrived, which returns 0; 1 if it led to an exception. */
    .globl hostile_race_resume, hostile_race_arrived
hostile_race_resume:
    KEEP_CALLER came_badly
    mov %rsi, %rax
    syscall
    jmp return_status
hostile_race_arrived:
    mov hostile_race_rsp(%rip), %rsp
    pushfq
    popq hostile_race_flags(%rip)
    pushq $0x202
    popfq
    RETURN 0

    .bss
    .balign 8
    .globl hostile_race_upcalls, hostile_race_aliases, hostile_race_flags
hostile_race_rsp:
    .skip 8
hostile_race_next:
    .skip 8
hostile_race_upcalls:
    .skip 8
hostile_race_flags:
    .skip 8
hostile_race_aliases:
    .skip 16
    .balign 64
    .skip 4096
    .globl hostile_race_stack_top
hostile_race_stack_top:

    .section .note.GNU-stack, "", @progbits
