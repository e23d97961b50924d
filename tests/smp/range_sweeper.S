/* tests/smp/range_sweeper.S - enters a context by the resume range, and leaves it again. */

#include "lamina/vcpu_offsets.h"

/* VcpuArea::user[1]: the stack pointer of who has entered a context. */
#define AREA_CALLER_RSP (AREA_USER + 8)

    .text

/* void sweeper_enter(const SavedContext*, std::uint64_t vector): goes on with the context, and with
 * xmm9 = vector; returns when the handler of exceptions has sent it to sweeper_leave. */
    .globl sweeper_enter
sweeper_enter:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %gs:AREA_CALLER_RSP
    movq %rsi, %xmm9
    movq $1, %gs:AREA_DISABLED
    mov %rdi, %gs:AREA_THREAD
    jmp libos_resume

/* Where the contexts go on. */
    .globl sweeper_probe
sweeper_probe:
    ud2

    .globl sweeper_leave
sweeper_leave:
    mov %gs:AREA_CALLER_RSP, %rsp
    cld
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* void sweeper_tick(): for the debugger, which stops at the first instruction and the second. */
    .globl sweeper_tick, sweeper_tick_on
sweeper_tick:
    nop
sweeper_tick_on:
    nop
    ret

    .section .note.GNU-stack, "", @progbits
