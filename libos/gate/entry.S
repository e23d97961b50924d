/* libos/gate/entry.S - where calls through a gate arrive. */

#include "lamina/call_words.h"

    .text

/* The stack pointer points to the address of the handler. The GateMessage is built below that; rsi
 * goes there for its alignment. */
    .globl libos_gate_entry
libos_gate_entry:
    mov (%rsp), %rax
    .irp register, rsi, r15, r14, r13, r12, rbx, rdx, rdi
    push %\register
    .endr
    mov %rsp, %rdi
    call *%rax
    .irp register, rdi, rdx, rbx, r12, r13, r14, r15
    pop %\register
    .endr
    movabs $CALL_GATE_RETURN, %rax
    syscall
    ud2

    .section .note.GNU-stack, "", @progbits
