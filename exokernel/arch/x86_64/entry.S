/* exokernel/arch/x86_64/entry.S - the ways into the kernel and back to user mode. */

#include "exokernel/core/offsets.h"
#include "lamina/vcpu_offsets.h"

/* Where an exception stub leaves things on the stack. */
#define FRAME_VECTOR 0
#define FRAME_ERROR 8
#define FRAME_RIP 16
#define FRAME_CS 24
#define FRAME_RFLAGS 32
#define FRAME_RSP 40

#define PAGE_FAULT 14

/* The general registers, in the order in which a Context and a SavedContext begin with them. */
#define GENERAL_REGISTERS \
    rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15

    .set offset, 0
    .irp register, GENERAL_REGISTERS
    .set OFFSET_\register, offset
    .set offset, offset + 8
    .endr
    .if OFFSET_r15 != CONTEXT_R15 || OFFSET_r15 != SAVED_R15
    .error "general registers are elsewhere"
    .endif

/* Registers to or from the context at \place(%\base). */
    .macro STORE place, base, registers:vararg
    .irp register, \registers
    mov %\register, \place + OFFSET_\register(%\base)
    .endr
    .endm
    .macro LOAD place, base, registers:vararg
    .irp register, \registers
    mov \place + OFFSET_\register(%\base), %\register
    .endr
    .endm

    .text

/* `syscall` (docs/life-of-a-system-call.md). In: rax tag and number, rcx the caller's rip, r11 its
 * rflags, interrupts masked, everything else the caller's. What a handler must keep by the C
 * calling convention stays in its registers; it and the rest are saved when another vCPU may go
 * on. */
    .globl exo_syscall_entry
exo_syscall_entry:
    swapgs
    mov %rsp, %gs:CPU_USER_RSP
    mov %rax, %rsp                  /* the only register that is free now */
    shr $32, %rsp
    cmp $CALL_TAG, %esp
    jne no_native_call
    mov %gs:CPU_STACK_TOP, %rsp
    push %rcx
    push %r11
    mov %eax, %eax
    cmp exo_call_count(%rip), %rax
    sbb %rcx, %rcx                  /* all ones if the number is in range, also speculatively */
    jae bad_number
    and %rcx, %rax
    incq %gs:CPU_CALLS
    mov %r10, %rcx
    call *exo_call_table(,%rax,8)
call_done:
    cmpq $0, %gs:CPU_MUST_DISPATCH
    jne call_dispatch
    pop %r11
    pop %rcx                        /* came from a `syscall` below user_end: canonical */
    mov %gs:CPU_USER_RSP, %rsp
    xor %edi, %edi                  /* what the kernel left there is not the caller's to see */
    xor %esi, %esi
    xor %r8d, %r8d
    xor %r9d, %r9d
    xor %r10d, %r10d
    swapgs
    sysretq

bad_number:
    mov $STATUS_BAD_CALL, %eax
    xor %edx, %edx
    jmp call_done

/* Another word in the high half. A native call of another ABI version gets bad_call; everything
 * else is a foreign call and bounces to the environment's entry for them: nothing is saved but what
 * `syscall` itself overwrote, and the user's stack is not touched. While disabled it ends the
 * environment, as any fault there does. */
no_native_call:
    shr $8, %esp
    cmp $CALL_TAG_FAMILY, %esp
    mov $STATUS_BAD_CALL, %esp
    je return_at_once
    cmpq $0, %gs:CPU_FOREIGN_ENTRY
    mov $FOREIGN_NO_ENTRY, %rsp
    je return_at_once
    mov %gs:CPU_AREA, %rsp
    cmpq $0, AREA_DISABLED(%rsp)
    jne foreign_while_disabled
    movq $1, AREA_DISABLED(%rsp)
    mov %rcx, AREA_FOREIGN_RIP(%rsp)
    mov %r11, AREA_FOREIGN_RFLAGS(%rsp)
    mov %gs:CPU_FOREIGN_ENTRY, %rcx
    mov $USER_RFLAGS, %r11d
    mov %gs:CPU_USER_RSP, %rsp
    swapgs
    sysretq
return_at_once:
    mov %rsp, %rax
    mov %gs:CPU_USER_RSP, %rsp
    swapgs
    sysretq
foreign_while_disabled:
    mov %gs:CPU_CONTEXT, %rsp
    mov %rcx, CONTEXT_RIP(%rsp)
    mov %r11, CONTEXT_RFLAGS(%rsp)
    mov %gs:CPU_USER_RSP, %rcx
    mov %rcx, CONTEXT_RSP(%rsp)
    mov %rax, CONTEXT_RAX(%rsp)
    mov %gs:CPU_STACK_TOP, %rsp
    call exo_foreign_while_disabled
    jmp exo_leave

/* The caller does not go on at once. */
call_dispatch:
    cmpq $DISPATCH_CONTEXT_COMPLETE, %gs:CPU_MUST_DISPATCH
    je exo_leave
    mov %gs:CPU_CONTEXT, %rdi
    pop CONTEXT_RFLAGS(%rdi)
    pop CONTEXT_RIP(%rdi)
    mov %gs:CPU_USER_RSP, %rcx
    mov %rcx, CONTEXT_RSP(%rdi)
    STORE 0, rdi, rbx, rbp, r12, r13, r14, r15
    STORE 0, rdi, rax, rdx
    xor %ecx, %ecx
    .irp register, rcx, rsi, rdi, r8, r9, r10, r11
    mov %rcx, OFFSET_\register(%rdi)
    .endr

/* Whoever dispatch picks goes on. Does not return; also the way to the first user instruction. */
    .globl exo_leave
exo_leave:
    mov %gs:CPU_STACK_TOP, %rsp
    call exo_dispatch
go_on:
    pushq $USER_DATA
    pushq CONTEXT_RSP(%rax)
    pushq CONTEXT_RFLAGS(%rax)
    pushq $USER_CODE
    pushq CONTEXT_RIP(%rax)
    LOAD 0, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15, rax
    swapgs
    iretq

/* The calls that switch to another vCPU (cpu/switch.hpp), entries of the table of calls. What the
 * caller keeps goes to its context, but for rbx and r12: the handlers leave them alone, and so they
 * are words that a gate passes on, both ways. Whoever goes on came here by `syscall` itself, or
 * starts at the entry of a gate: its rip is canonical, and rcx and r11 are not its own. */
    .globl exo_gate_call_entry
exo_gate_call_entry:
    mov %gs:CPU_CONTEXT, %rax
    mov 8(%rsp), %r10
    mov 16(%rsp), %r11
    mov %r10, CONTEXT_RFLAGS(%rax)
    mov %r11, CONTEXT_RIP(%rax)
    mov %gs:CPU_USER_RSP, %r10
    mov %r10, CONTEXT_RSP(%rax)
    STORE 0, rax, rbp, r13, r14, r15
    call exo_gate_call
    test %rax, %rax
    jz no_switch
    mov CONTEXT_START_RIP(%rax), %rcx
    mov $USER_RFLAGS, %r11d
    mov CONTEXT_START_RSP(%rax), %rsp
    LOAD 0, rax, rdx, rdi, r8, r9, r10
    .irp register, eax, esi, ebp, r13d, r14d, r15d
    xor %\register, %\register
    .endr
    swapgs
    sysretq

    .globl exo_gate_return_entry
exo_gate_return_entry:
    call exo_gate_return
    test %rax, %rax
    jz no_switch
    mov CONTEXT_RIP(%rax), %rcx
    mov CONTEXT_RFLAGS(%rax), %r11
    mov CONTEXT_RSP(%rax), %rsp
    LOAD 0, rax, rdx, r8, r9, r10, rbp, r13, r14, r15
    .irp register, eax, esi, edi
    xor %\register, %\register
    .endr
    swapgs
    sysretq

    .globl exo_yield_to_entry
exo_yield_to_entry:
    mov %gs:CPU_CONTEXT, %rax
    mov 8(%rsp), %r10
    mov 16(%rsp), %r11
    mov %r10, CONTEXT_RFLAGS(%rax)
    mov %r11, CONTEXT_RIP(%rax)
    mov %gs:CPU_USER_RSP, %r10
    mov %r10, CONTEXT_RSP(%rax)
    STORE 0, rax, rbx, rbp, r12, r13, r14, r15
    call exo_yield_to
    test %rax, %rax
    jnz go_on

/* The caller gets the result that is in its context, or dispatch decides. */
no_switch:
    mov %gs:CPU_CONTEXT, %rdx
    mov CONTEXT_RAX(%rdx), %rax
    xor %edx, %edx
    ret

/* Vectors for which the processor pushes an error code: 8, 10-14, 17, 21, 29, 30. */
#define ERROR_CODE_VECTORS 0x60227d00

/* Exceptions and interrupts. 256 stubs of 16 bytes: push an error code if the processor did not,
 * push the vector, go on. */
    .balign 16
    .globl exo_vector_stubs
exo_vector_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector > 31
    pushq $0
    .elseif !((ERROR_CODE_VECTORS >> vector) & 1)
    pushq $0
    .endif
    pushq $vector
    .if vector == 1
    jmp debug_entry
    .elseif vector == 2 || vector == 8 || vector == 18
    jmp own_stack_entry
    .else
    jmp trap_entry
    .endif
    .set vector, vector + 1
    .endr

    .balign 16
trap_entry:
    testb $3, FRAME_CS(%rsp)
    jz kernel_trap
from_user:
    swapgs
    cld
    cmpq $0, %gs:CPU_HAS_SMAP
    je 1f
    clac
1:  cmpq $32, FRAME_VECTOR(%rsp)
    jb user_exception
to_kernel:
    push %rax
    mov %gs:CPU_CONTEXT, %rax
    popq CONTEXT_RAX(%rax)
    STORE 0, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    mov FRAME_RIP(%rsp), %rcx
    mov %rcx, CONTEXT_RIP(%rax)
    mov FRAME_RFLAGS(%rsp), %rcx
    mov %rcx, CONTEXT_RFLAGS(%rax)
    mov FRAME_RSP(%rsp), %rcx
    mov %rcx, CONTEXT_RSP(%rax)
    mov FRAME_VECTOR(%rsp), %rdi
    mov FRAME_ERROR(%rsp), %rsi
    mov %gs:CPU_STACK_TOP, %rsp
    call exo_trap_from_user
    jmp exo_leave

/* An exception of user code that wants to hear of it: the whole state goes to the trap area and
 * user mode goes on at the trap entry. If there is no entry, or disabled, or inside the resume
 * range, it is the kernel's to end the environment. */
user_exception:
    push %rax
    push %rcx
    cmpq $0, %gs:CPU_TRAP_ENTRY
    je no_upcall
    mov %gs:CPU_AREA, %rax
    cmpq $0, AREA_DISABLED(%rax)
    jne no_upcall
    mov FRAME_RIP + 16(%rsp), %rcx
    mov %rcx, AREA_TRAP + SAVED_RIP(%rax)
    sub %gs:CPU_RESUME_START, %rcx
    cmp %gs:CPU_RESUME_BYTES, %rcx
    jb no_upcall
    movq $1, AREA_DISABLED(%rax)
    popq AREA_TRAP + SAVED_RCX(%rax)
    popq AREA_TRAP + SAVED_RAX(%rax)
    STORE AREA_TRAP, rax, rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    xor %ecx, %ecx
    cmpq $PAGE_FAULT, FRAME_VECTOR(%rsp)
    jne 1f
    mov %cr2, %rcx                  /* of any other exception it would be another environment's */
1:  mov %rcx, AREA_TRAP_ADDRESS(%rax)
    popq AREA_TRAP_VECTOR(%rax)
    popq AREA_TRAP_ERROR(%rax)
    mov 16(%rsp), %rcx              /* the stack now starts at rip: rflags, rsp */
    mov %rcx, AREA_TRAP + SAVED_RFLAGS(%rax)
    mov 24(%rsp), %rcx
    mov %rcx, AREA_TRAP + SAVED_RSP(%rax)
    mov %gs:CPU_TRAP_ENTRY, %rcx
    mov %rcx, (%rsp)
    movq $USER_RFLAGS, 16(%rsp)
    mov %gs:CPU_UPCALL_STACK, %rcx
    mov %rcx, 24(%rsp)
    incq %gs:CPU_FAULTS
    xor %eax, %eax
    xor %ecx, %ecx
    swapgs
    iretq
no_upcall:
    pop %rcx
    pop %rax
    jmp to_kernel

    .macro PUSH_ALL
    .irp register, r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
    push %\register
    .endr
    .endm
    .macro POP_ALL
    .irp register, GENERAL_REGISTERS
    pop %\register
    .endr
    .endm

/* From the kernel: an interrupt while idle, or one of our own bugs. */
kernel_trap:
    PUSH_ALL
    cld
    mov %rsp, %rdi
    mov %rsp, %rbx
    and $-16, %rsp
    call exo_trap_from_kernel
    mov %rbx, %rsp
    POP_ALL
    add $16, %rsp
    iretq

/* A user's debug exception is like its others; one in the kernel must not trust GS. */
debug_entry:
    testb $3, FRAME_CS(%rsp)
    jnz from_user

/* NMI, double fault, machine check: may come between any two instructions of the kernel, so GS may
 * be either one's. The stack's last words name the CPU (arch/x86_64/stacks.hpp). */
own_stack_entry:
    PUSH_ALL
    cld
    rdgsbase %rbx
    mov %rsp, %rax
    or $0xfff, %rax
    mov -15(%rax), %rax
    wrgsbase %rax
    cmpq $0, %gs:CPU_HAS_SMAP
    je 1f
    clac                            /* the flag may be the user's */
1:
    mov %rsp, %rdi
    mov %rsp, %rbp
    and $-16, %rsp
    call exo_trap_on_own_stack
    mov %rbp, %rsp
    wrgsbase %rbx
    POP_ALL
    add $16, %rsp
    iretq

    .section .note.GNU-stack, "", @progbits
