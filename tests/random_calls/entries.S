/* tests/random_calls/entries.S - the program of a puppet, and a vcpu_resume that comes back. */

#include "lamina/call_words.h"
#include "lamina/vcpu_offsets.h"
#include "tests/random_calls/mailbox_offsets.h"

    .section .rodata

/* Its only registers with a meaning: the mailbox in r12. When the bell is gone, it ends. */
    .globl random_calls_puppet, random_calls_puppet_called, random_calls_puppet_serves
    .globl random_calls_puppet_asked, random_calls_puppet_end
random_calls_puppet:
    mov %rdi, %r12
1:  mov MAIL_WAIT(%r12), %rax
    mov MAIL_BELL(%r12), %rdi
    mov $1, %esi
    mov $-1, %rdx
    syscall
    test %eax, %eax
    jnz 2f
    mov MAIL_RAX(%r12), %rax
    mov MAIL_RDI(%r12), %rdi
    mov MAIL_RSI(%r12), %rsi
    mov MAIL_RDX(%r12), %rdx
    mov MAIL_R10(%r12), %r10
    mov MAIL_R8(%r12), %r8
    mov MAIL_R9(%r12), %r9
    syscall
random_calls_puppet_called:
    mov %rax, MAIL_STATUS(%r12)
    mov %rdx, MAIL_VALUE(%r12)
    movq $1, MAIL_DONE(%r12)
    jmp 1b
2:  mov MAIL_END(%r12), %rax
    mov $1, %edi
    mov $1, %esi
    syscall
    ud2

/* An activation of a puppet's gate, with the address of a Deed as its stack pointer: makes that
 * call, and replies its status if it fails, else its value. If each calls the next one, the status
 * of the innermost call comes out. */
random_calls_puppet_serves:
    mov DEED_RAX(%rsp), %rax
    mov DEED_RDI(%rsp), %rdi
    mov DEED_RSI(%rsp), %rsi
    mov DEED_RDX(%rsp), %rdx
    syscall
    test %eax, %eax
    jz 3f
    mov %rax, %rdx
3:  movabs $CALL_GATE_RETURN, %rax
    syscall
    ud2

/* Memory is asked for: the stack pointer is the area's address. Goes on with what ran. */
random_calls_puppet_asked:
    lea AREA_ENABLED(%rsp), %rdi
    mov MAIL_RESUME(%r12), %rax
    syscall
    ud2
random_calls_puppet_end:

    .text

/* lamina::Status random_calls_resume(SavedContext* context, std::uint64_t rax): makes the call in
 * rax with a context that goes on here; returns its status: ok if it went on with the context. */
    .globl random_calls_resume
random_calls_resume:
    mov %rbx, SAVED_RBX(%rdi)
    mov %rbp, SAVED_RBP(%rdi)
    mov %r12, SAVED_R12(%rdi)
    mov %r13, SAVED_R13(%rdi)
    mov %r14, SAVED_R14(%rdi)
    mov %r15, SAVED_R15(%rdi)
    mov %rsp, SAVED_RSP(%rdi)
    lea 1f(%rip), %rax
    mov %rax, SAVED_RIP(%rdi)
    pushfq
    pop SAVED_RFLAGS(%rdi)
    movq $0, SAVED_RAX(%rdi)
    mov %rsi, %rax
    syscall
1:  ret

/* An activation of a gate: replies what it was called with. */
    .globl random_calls_gate
random_calls_gate:
    movabs $CALL_GATE_RETURN, %rax
    syscall
    ud2

    .section .note.GNU-stack, "", @progbits
