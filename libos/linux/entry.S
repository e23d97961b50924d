/* libos/linux/entry.S - entries of apps with a C library and of their system calls. */

#include "lamina/vcpu_offsets.h"

    .text

/* The ELF entry of an app that is linked with the libOS. On Linux the libOS stands aside: the C
 * library starts as if it were alone. All registers are as the kernel left them; of those the C
 * library looks at rsp and rdx, the libOS at rsp and rdi. */
    .weak lamina_program_start
    .globl lamina_entry
    .type lamina_entry, @function
lamina_entry:
    xor %ebp, %ebp
    mov %rsp, %rbx
    mov %rdi, %r12
    mov %rdx, %r13
    and $-16, %rsp
    call libos_linux_on_lamina
    mov %rbx, %rsp
    mov %r12, %rdi
    mov %r13, %rdx
    test %al, %al
    jz lamina_program_start
    jmp _start
    .size lamina_entry, . - lamina_entry

/* Starts the program: rdi its stack pointer, rsi its entry. The other registers are zero. */
    .globl libos_linux_start_program
    .type libos_linux_start_program, @function
libos_linux_start_program:
    mov %rdi, %rsp
    mov %rsi, %rax
    xor %ebx, %ebx
    xor %ecx, %ecx
    xor %edx, %edx
    xor %esi, %esi
    xor %edi, %edi
    xor %ebp, %ebp
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    xor %r11d, %r11d
    xor %r12d, %r12d
    xor %r13d, %r13d
    xor %r14d, %r14d
    xor %r15d, %r15d
    jmp *%rax
    .size libos_linux_start_program, . - libos_linux_start_program

/* A Linux system call (docs/linux-abi.md). In: every register as at the call but rcx and r11,
 * upcalls disabled. All but rax, rcx and r11 are kept, and the 128 bytes below the caller's stack
 * pointer, as the call runs on a stack of its own. As soon as nothing of it is in the vCPU area any
 * more, upcalls are enabled: the call can be preempted, and may fault on memory that has no frames
 * yet. */
    .globl libos_linux_call
    .type libos_linux_call, @function
libos_linux_call:
    mov %rsp, %gs:AREA_USER
    lea libos_linux_stack_top(%rip), %rsp
    pushq %gs:AREA_USER
    pushq %gs:AREA_FOREIGN_RFLAGS
    pushq %gs:AREA_FOREIGN_RIP
    movq $0, %gs:AREA_DISABLED
    push %rdi
    push %rsi
    push %rdx
    push %r10
    push %r8
    push %r9
    sub $8, %rsp                    /* 16-byte alignment at the call */
    mov %eax, %eax                  /* Linux looks at the low half only */
    cmp libos_linux_entry_count(%rip), %rax
    jae unserved
    lea libos_linux_entries(%rip), %r11
    mov (%r11,%rax,8), %r11
    test %r11, %r11
    jz unserved
    mov %r10, %rcx
    call *%r11
served:
    cmpq $0, %gs:AREA_PENDING
    jne pending
check_signals:
    cmpb $0, libos_linux_signals_ready(%rip)
    jne signals
    /* Every register but rax is the caller's again. */
    add $8, %rsp
    pop %r9
    pop %r8
    pop %r10
    pop %rdx
    pop %rsi
    pop %rdi
    pop %rcx
    popfq
    pop %rsp
    jmp *%rcx
unserved:
    mov %rax, %rdi
    call libos_linux_unserved
    jmp served
/* The slice ended while upcalls were disabled. */
pending:
    mov %rax, (%rsp)
    mov %gs:AREA_SELF, %rdi
    call libos_handle_pending
    mov (%rsp), %rax
    jmp check_signals
/* A signal is to be delivered: the caller's context as a whole, to go on with or in a handler. */
signals:
    sub $SAVED_BYTES, %rsp
    mov %rax, SAVED_RAX(%rsp)
    mov %rbx, SAVED_RBX(%rsp)
    mov %rbp, SAVED_RBP(%rsp)
    mov %r12, SAVED_R12(%rsp)
    mov %r13, SAVED_R13(%rsp)
    mov %r14, SAVED_R14(%rsp)
    mov %r15, SAVED_R15(%rsp)
    mov SAVED_BYTES + 8(%rsp), %rcx
    mov %rcx, SAVED_R9(%rsp)
    mov SAVED_BYTES + 16(%rsp), %rcx
    mov %rcx, SAVED_R8(%rsp)
    mov SAVED_BYTES + 24(%rsp), %rcx
    mov %rcx, SAVED_R10(%rsp)
    mov SAVED_BYTES + 32(%rsp), %rcx
    mov %rcx, SAVED_RDX(%rsp)
    mov SAVED_BYTES + 40(%rsp), %rcx
    mov %rcx, SAVED_RSI(%rsp)
    mov SAVED_BYTES + 48(%rsp), %rcx
    mov %rcx, SAVED_RDI(%rsp)
    mov SAVED_BYTES + 56(%rsp), %rcx    /* as `syscall` leaves them: rcx rip, r11 rflags */
    mov %rcx, SAVED_RCX(%rsp)
    mov %rcx, SAVED_RIP(%rsp)
    mov SAVED_BYTES + 64(%rsp), %rcx
    mov %rcx, SAVED_R11(%rsp)
    mov %rcx, SAVED_RFLAGS(%rsp)
    mov SAVED_BYTES + 72(%rsp), %rcx
    mov %rcx, SAVED_RSP(%rsp)
    mov %rsp, %rdi
    call libos_linux_deliver
    mov %rsp, %rdi
    .size libos_linux_call, . - libos_linux_call

/* Goes on with the context that rdi points to; it stays as it is until then. */
    .globl libos_linux_go_on
    .type libos_linux_go_on, @function
libos_linux_go_on:
    movq $1, %gs:AREA_DISABLED
    mov %rdi, %gs:AREA_THREAD
    jmp libos_resume
    .size libos_linux_go_on, . - libos_linux_go_on

    .bss
    .balign 64
    .globl libos_linux_stack, libos_linux_stack_top
libos_linux_stack:
    .skip 65536
libos_linux_stack_top:

    .section .note.GNU-stack, "", @progbits
