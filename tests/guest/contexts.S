/* tests/guest/contexts.S - enters a context whose every register is given, raises exceptions in it,
 * and leaves it again. */

#include "lamina/vcpu_offsets.h"

#define YMM_BYTES 32

    .text

/* void guest_load_vectors(const Vectors&), void guest_store_vectors(Vectors&): ymm0-15. */
    .globl guest_load_vectors, guest_store_vectors
guest_load_vectors:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovdqu (\n * YMM_BYTES)(%rdi), %ymm\n
    .endr
    ret
guest_store_vectors:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovdqu %ymm\n, (\n * YMM_BYTES)(%rdi)
    .endr
    ret

    .macro KEEP_CALLER
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, guest_caller_rsp(%rip)
    .endm

/* void guest_enter(const SavedContext*): goes on with the context by a system call; returns when a
 * handler has sent the context to guest_leave. */
    .globl guest_enter
guest_enter:
    KEEP_CALLER
    call libos_resume_by_kernel
    ud2

/* void guest_enter_by_range(const SavedContext*): the same by the resume range. */
    .globl guest_enter_by_range
guest_enter_by_range:
    KEEP_CALLER
    movq $1, %gs:AREA_DISABLED
    mov %rdi, %gs:AREA_THREAD
    jmp libos_resume

/* std::uint64_t guest_enter_after(const SavedContext*, std::uint64_t turns, std::uint64_t skipped):
 * reads the time, spins, goes through a sled of 256 one-byte instructions but the first `skipped`,
 * and enters by the resume range. Returns the time from its start to its end. */
    .globl guest_enter_after, guest_sled, guest_sled_end
guest_enter_after:
    KEEP_CALLER
    lea guest_sled(%rip), %rcx
    add %rdx, %rcx
    rdtsc
    shl $32, %rdx
    or %rdx, %rax
    mov %rax, guest_started(%rip)
    .globl guest_turn
guest_turn:
    dec %rsi
    jnz guest_turn
    jmp *%rcx
guest_sled:
    .fill 256, 1, 0x90
guest_sled_end:
    movq $1, %gs:AREA_DISABLED
    mov %rdi, %gs:AREA_THREAD
    jmp libos_resume

/* Where a handler sends a context that is to end. */
    .globl guest_leave
guest_leave:
    rdtsc
    shl $32, %rdx
    or %rdx, %rax
    sub guest_started(%rip), %rax
    mov guest_caller_rsp(%rip), %rsp
    cld
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

/* Pieces of code that raise an exception. PROBE starts one; AT marks the instruction that the
 * exception is told of with; NEXT ends it in a ud2 that shows what it went on with. */
    .macro PROBE name
    .globl guest_\name, guest_\name\()_rip, guest_\name\()_next
guest_\name:
    .endm
    .macro AT name
guest_\name\()_rip:
    .endm
    .macro NEXT name
guest_\name\()_next:
    ud2
    .endm

    PROBE divide
    AT divide
    div %rcx
    NEXT divide

    PROBE step
    nop
    AT step
    NEXT step

    PROBE breakpoint
    int3
    AT breakpoint
    NEXT breakpoint

    PROBE overflow
    int $4
    AT overflow
    NEXT overflow

    PROBE opcode
    AT opcode
    ud2
    NEXT opcode

    PROBE halt
    AT halt
    hlt
    NEXT halt

    PROBE interrupt
    AT interrupt
    int $0
    NEXT interrupt

    PROBE segment
    AT segment
    mov %cx, %ds
    NEXT segment

    PROBE canonical
    AT canonical
    mov (%rdi), %rax
    NEXT canonical

    PROBE read
    AT read
    mov (%rdi), %rax
    NEXT read

    PROBE write
    AT write
    mov %rax, (%rdi)
    NEXT write

    PROBE fetch
    jmp *%rdi
    NEXT fetch

    PROBE x87
    fninit
    fldcw guest_x87_unmasked(%rip)
    fld1
    fldz
    fdivrp
    AT x87
    fwait
    NEXT x87

/* A foreign call; its entry shows what it finds by an exception of its own. */
    PROBE foreign
    syscall
    AT foreign
    NEXT foreign
    .globl guest_foreign_entry, guest_foreign_entry_shown
guest_foreign_entry:
    movq $0, %gs:AREA_DISABLED
guest_foreign_entry_shown:
    ud2

/* Waits, with the flags of the comparison as the only change, until an upcall was counted. */
    .globl guest_wait_upcall, guest_wait_upcall_end
guest_wait_upcall:
    cmpq $0, %gs:AREA_USER + 8
    je guest_wait_upcall
guest_wait_upcall_end:
    ud2

/* Entries that count: run in user[1], slice_end in user[2]; the interrupted context goes on. */
    .globl guest_count_run, guest_count_slice_end
guest_count_run:
    incq %gs:AREA_USER + 8
    jmp 1f
guest_count_slice_end:
    incq %gs:AREA_USER + 16
1:  mov %gs:AREA_SELF, %rdi
    lea AREA_ENABLED(%rdi), %rax
    mov %rax, %gs:AREA_THREAD
    jmp libos_resume

    .section .rodata
    .balign 8
guest_x87_unmasked:
    .word 0x0340

    .bss
    .balign 8
guest_caller_rsp:
    .skip 8
guest_started:
    .skip 8

    .section .note.GNU-stack, "", @progbits
