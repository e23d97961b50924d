/* tests/linux/registers.S - a system call between two photographs of the processor. */

    .text

/* Loads every register from probe_before, fills the 128 bytes below the stack pointer, makes the
 * system call that rax names, stores every register to probe_after and what is left below the stack
 * pointer to probe_red_zone. */
    .globl probe_call
    .type probe_call, @function
probe_call:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    lea probe_vectors_before(%rip), %rax
    movdqu 0(%rax), %xmm0
    movdqu 16(%rax), %xmm1
    movdqu 32(%rax), %xmm2
    movdqu 48(%rax), %xmm3
    movdqu 64(%rax), %xmm4
    movdqu 80(%rax), %xmm5
    movdqu 96(%rax), %xmm6
    movdqu 112(%rax), %xmm7
    movdqu 128(%rax), %xmm8
    movdqu 144(%rax), %xmm9
    movdqu 160(%rax), %xmm10
    movdqu 176(%rax), %xmm11
    movdqu 192(%rax), %xmm12
    movdqu 208(%rax), %xmm13
    movdqu 224(%rax), %xmm14
    movdqu 240(%rax), %xmm15
    .set index, 1
    .rept 16
    movq $(0x1122330000 + index * 8), %rax
    mov %rax, -(index * 8)(%rsp)
    .set index, index + 1
    .endr
    mov probe_before + 8(%rip), %rbx
    mov probe_before + 24(%rip), %rdx
    mov probe_before + 32(%rip), %rsi
    mov probe_before + 40(%rip), %rdi
    mov probe_before + 48(%rip), %rbp
    mov probe_before + 56(%rip), %r8
    mov probe_before + 64(%rip), %r9
    mov probe_before + 72(%rip), %r10
    mov probe_before + 88(%rip), %r12
    mov probe_before + 96(%rip), %r13
    mov probe_before + 104(%rip), %r14
    mov probe_before + 112(%rip), %r15
    mov %rsp, probe_before + 120(%rip)
    mov probe_before(%rip), %rax
    std
    stc
    syscall
    mov %rax, probe_after(%rip)
    mov %rbx, probe_after + 8(%rip)
    mov %rdx, probe_after + 24(%rip)
    mov %rsi, probe_after + 32(%rip)
    mov %rdi, probe_after + 40(%rip)
    mov %rbp, probe_after + 48(%rip)
    mov %r8, probe_after + 56(%rip)
    mov %r9, probe_after + 64(%rip)
    mov %r10, probe_after + 72(%rip)
    mov %r12, probe_after + 88(%rip)
    mov %r13, probe_after + 96(%rip)
    mov %r14, probe_after + 104(%rip)
    mov %r15, probe_after + 112(%rip)
    mov %rsp, probe_after + 120(%rip)
    .set index, 1
    .rept 16
    mov -(index * 8)(%rsp), %rax
    mov %rax, probe_red_zone + (index - 1) * 8(%rip)
    .set index, index + 1
    .endr
    pushfq
    popq probe_after + 128(%rip)
    cld
    lea probe_vectors_after(%rip), %rax
    movdqu %xmm0, 0(%rax)
    movdqu %xmm1, 16(%rax)
    movdqu %xmm2, 32(%rax)
    movdqu %xmm3, 48(%rax)
    movdqu %xmm4, 64(%rax)
    movdqu %xmm5, 80(%rax)
    movdqu %xmm6, 96(%rax)
    movdqu %xmm7, 112(%rax)
    movdqu %xmm8, 128(%rax)
    movdqu %xmm9, 144(%rax)
    movdqu %xmm10, 160(%rax)
    movdqu %xmm11, 176(%rax)
    movdqu %xmm12, 192(%rax)
    movdqu %xmm13, 208(%rax)
    movdqu %xmm14, 224(%rax)
    movdqu %xmm15, 240(%rax)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .size probe_call, . - probe_call

    .section .note.GNU-stack, "", @progbits
