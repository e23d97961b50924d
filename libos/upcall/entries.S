/* libos/upcall/entries.S - where the kernel's upcalls arrive, and how a context is resumed. */

#include "lamina/vcpu_offsets.h"

#define TRAP_FLAG 0x100
/* VcpuArea::user[libos::upcall_stack_word]. */
#define AREA_UPCALL_STACK (AREA_USER + 32)

    .text

/* An exception. On the upcall stack, disabled; the state is in the trap area. */
    .globl libos_upcall_trap
libos_upcall_trap:
    cld
    mov %gs:AREA_SELF, %rdi
    lea AREA_TRAP(%rdi), %rax
    mov %rax, %gs:AREA_THREAD
    call libos_handle_trap
    test %al, %al
    jnz libos_resume

/* Nobody handles it: the same fault again, but without a trap entry, ends the environment, and the
 * kernel's report tells where it was. Not by the kernel, which refuses an rip that is no user's. */
    mov %gs:AREA_SELF, %rdi
    call libos_stop_upcalls
    jmp libos_resume

/* A new slice after a preemption. The state is in the enabled area. */
    .globl libos_upcall_run
libos_upcall_run:
    mov %gs:AREA_SELF, %rdi
    lea AREA_ENABLED(%rdi), %rax
    mov %rax, %gs:AREA_THREAD
    jmp libos_resume

/* What interrupts the program wherever it is: the end of a slice, memory that is asked for, the
 * time of the timer, bits of a notification. The state is in the enabled area. */
    .macro UPCALL what
    .globl libos_upcall_\what
libos_upcall_\what:
    mov %gs:AREA_SELF, %rdi
    lea AREA_ENABLED(%rdi), %rax
    mov %rax, %gs:AREA_THREAD
    call libos_handle_\what
    jmp libos_resume
    .endm
    UPCALL slice_end
    UPCALL reclaim
    UPCALL timer
    UPCALL notified

/* The resume range (docs/upcalls.md): enables upcalls and goes on with the context that AREA_THREAD
 * names, in one restartable sequence. Where that cannot be, it disables them again before it
 * leaves: an upcall outside would put another context into AREA_THREAD. A context with the trap
 * flag cannot be loaded, it would trap inside: the kernel does that. */
    .globl libos_resume
    .globl libos_resume_end
libos_resume:
    movq $0, %gs:AREA_DISABLED
    cmpq $0, %gs:AREA_PENDING
    jne pending
    mov %gs:AREA_THREAD, %rsp
    testl $TRAP_FLAG, SAVED_RFLAGS(%rsp)
    jnz resume_by_kernel
    mov SAVED_RIP(%rsp), %rax
    mov %rax, %gs:AREA_RESUME_RIP
    pop %rax
    pop %rbx
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
    pop %rbp
    pop %r8
    pop %r9
    pop %r10
    pop %r11
    pop %r12
    pop %r13
    pop %r14
    pop %r15
    popfq
    pop %rsp
    jmp *%gs:AREA_RESUME_RIP
pending:
    movq $1, %gs:AREA_DISABLED
    jmp handle_pending
resume_by_kernel:
    movq $1, %gs:AREA_DISABLED
    jmp ask_kernel
libos_resume_end:

handle_pending:
    mov %gs:AREA_SELF, %rdi
    mov %gs:AREA_UPCALL_STACK, %rsp
    call libos_handle_pending
    jmp libos_resume

ask_kernel:
    mov %gs:AREA_THREAD, %rdi
    mov %gs:AREA_UPCALL_STACK, %rsp
    call libos_resume_by_kernel
    ud2

    .bss
    .balign 64
    .skip 16384
    .globl libos_upcall_stack_top
libos_upcall_stack_top:

    .section .note.GNU-stack, "", @progbits
