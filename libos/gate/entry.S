/* libos/gate/entry.S - where calls through a gate arrive. */

#include "lamina/call_words.h"

    .text

/* The stack pointer points to the address of the handler. The GateMessage is built below that; rsi
 * goes there for its alignment. */
    .globl libos_gate_entry
libos_gate_entry:
    mov (%rsp), %rax
    .irp register, rsi, r12, rbx, r9, r8, r10, rdx, rdi
    push %\register
    .endr
    mov %rsp, %rdi
    call *%rax
    .irp register, rdi, rdx, r10, r8, r9, rbx, r12
    pop %\register
    .endr
    xor %edi, %edi
    xor %esi, %esi
    movabs $CALL_GATE_RETURN, %rax
    syscall
    ud2

    .section .note.GNU-stack, "", @progbits
