/* tests/unit/sync/interleave/switch.S - goes on on another stack. */

    .text

/* void interleave_switch(void** save_here, void* go_on_there): what a function must keep by the C
 * calling convention stays on the stack that is left. */
    .globl interleave_switch
interleave_switch:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    ret

    .section .note.GNU-stack, "", @progbits
