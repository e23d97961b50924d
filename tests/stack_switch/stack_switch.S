/* tests/stack_switch/stack_switch.S - changes from one stack to another. */

    .text

/* void tests_switch_stack(void** save_here, void* go_on_there): what a function must keep by the C
 * calling convention stays on the stack that is left. */
    .globl tests_switch_stack
tests_switch_stack:
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
