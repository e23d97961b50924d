/* apps/bench/gate.S - the shortest way to serve a call through a gate. */

#include "lamina/call_words.h"

    .text

/* The words of the call are still where those of the reply belong. */
    .globl bench_gate_entry
bench_gate_entry:
    movabs $CALL_GATE_RETURN, %rax
    syscall
    ud2

    .section .note.GNU-stack, "", @progbits
