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
    xor $CALL_TAG, %esp
    jne no_native_call
    mov %gs:CPU_STACK_TOP, %rsp
    push %rcx
    push %r11
    mov %eax, %eax
    incq %gs:CPU_CALLS
    cmp exo_call_count(%rip), %rax
    sbb %rcx, %rcx                  /* all ones if the number is in range, also speculatively */
    jae bad_number
    and %rcx, %rax
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
    incq %gs:CPU_CALLS
    cmp $0x100, %esp                /* the tag's low byte is the version */
    jb another_version
    mov %gs:CPU_CONTEXT, %rsp
    cmpq $0, CONTEXT_FOREIGN_ENTRY(%rsp)
    je no_foreign_entry
    mov CONTEXT_AREA(%rsp), %rsp
    cmpq $0, AREA_DISABLED(%rsp)
    jne foreign_while_disabled
    movq $1, AREA_DISABLED(%rsp)
    mov %rcx, AREA_FOREIGN_RIP(%rsp)
    mov %r11, AREA_FOREIGN_RFLAGS(%rsp)
    mov %gs:CPU_CONTEXT, %rcx
    mov CONTEXT_FOREIGN_ENTRY(%rcx), %rcx
    mov $USER_RFLAGS, %r11d
    mov %gs:CPU_USER_RSP, %rsp
    swapgs
    sysretq
another_version:
    mov $STATUS_BAD_CALL, %eax
    jmp return_at_once
no_foreign_entry:
    mov $FOREIGN_NO_ENTRY, %rax
return_at_once:
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
/* A vCPU goes on whose context rax points to: it is a stack to take everything from. What comes
 * between these instructions has a stack of its own. */
    .globl exo_go_on
exo_go_on:
    mov %rax, %rsp
    .irp register, GENERAL_REGISTERS
    pop %\register
    .endr
    swapgs
    iretq

/* The calls that switch to another vCPU (cpu/switch.hpp), entries of the table of calls. What the
 * caller keeps goes to its context. */
    .macro STORE_STATE
    mov %r11, CONTEXT_RFLAGS(%rcx)
    mov 16(%rsp), %r8
    mov %r8, CONTEXT_RIP(%rcx)
    mov %gs:CPU_USER_RSP, %r8
    mov %r8, CONTEXT_RSP(%rcx)
    .endm

    .globl exo_yield_to_entry
exo_yield_to_entry:
    mov %gs:CPU_CONTEXT, %rcx
    STORE_STATE
    STORE 0, rcx, rbx, rbp, r12, r13, r14, r15
    jmp exo_yield_to

/* Through gates: rbx and r12 to r15 are words that pass on, both ways, since the handlers leave
 * them alone as any C code does; one more is in rdx. Whoever goes on came here by `syscall` itself,
 * or starts at the entry of a gate: its rip is canonical, and rcx and r11 are not its own. */
    .globl exo_gate_call_entry
exo_gate_call_entry:
    mov %gs:CPU_CONTEXT, %rcx
    STORE_STATE
    STORE 0, rcx, rbp
    push %rdx
    call exo_gate_call
    test %rax, %rax
    jz no_switch
    mov CONTEXT_START_RIP(%rax), %rcx
    mov $USER_RFLAGS, %r11d
    mov %rdx, %rdi
    pop %rdx
    mov CONTEXT_START_RSP(%rax), %rsp
    .irp register, eax, esi, ebp, r8d, r9d, r10d
    xor %\register, %\register
    .endr
    swapgs
    sysretq

    .globl exo_gate_return_entry
exo_gate_return_entry:
    push %rdx
    call exo_gate_return
    test %rax, %rax
    jz no_switch
    pop %rdx
    mov CONTEXT_RIP(%rax), %rcx
    mov CONTEXT_RFLAGS(%rax), %r11
    mov CONTEXT_RSP(%rax), %rsp
    LOAD 0, rax, rbp
    mov CONTEXT_FS_BASE(%rax), %r8
    mov CONTEXT_GS_BASE(%rax), %r9
    .irp register, eax, esi, edi, r10d
    xor %\register, %\register
    .endr
    swapgs
    .irp segment, ds, es, fs, gs    /* as arch::load_extended() */
    mov %eax, %\segment
    .endr
    wrfsbase %r8
    wrgsbase %r9
    xor %r8d, %r8d
    xor %r9d, %r9d
    sysretq

/* The caller gets the second word as its result, or dispatch decides. */
no_switch:
    mov %rdx, %rax
    xor %edx, %edx
    pop %rcx
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
    mov %gs:CPU_CONTEXT, %rax
    cmpq $0, CONTEXT_TRAP_ENTRY(%rax)
    je no_upcall
    mov FRAME_RIP + 16(%rsp), %rcx
    sub CONTEXT_RESUME_START(%rax), %rcx
    cmp CONTEXT_RESUME_BYTES(%rax), %rcx
    jb no_upcall
    mov CONTEXT_AREA(%rax), %rax
    cmpq $0, AREA_DISABLED(%rax)
    jne no_upcall
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
    popq AREA_TRAP + SAVED_RIP(%rax)
    pop %rcx                        /* cs */
    popq AREA_TRAP + SAVED_RFLAGS(%rax)
    popq AREA_TRAP + SAVED_RSP(%rax)
    mov %gs:CPU_CONTEXT, %rcx
    pushq CONTEXT_UPCALL_STACK(%rcx)
    pushq $USER_RFLAGS
    pushq $USER_CODE
    pushq CONTEXT_TRAP_ENTRY(%rcx)
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
