/* exokernel/core/offsets.h - structure offsets and numbers that assembly and C++ share. */
#pragma once

/* Context (cpu/context.hpp). */
#define CONTEXT_RAX 0
#define CONTEXT_R15 112
#define CONTEXT_RIP 120
#define CONTEXT_RFLAGS 136
#define CONTEXT_RSP 144
#define CONTEXT_FS_BASE 160
#define CONTEXT_GS_BASE 168
#define CONTEXT_AREA 176
#define CONTEXT_TRAP_ENTRY 184
#define CONTEXT_FOREIGN_ENTRY 192
#define CONTEXT_UPCALL_STACK 200
#define CONTEXT_RESUME_START 208
#define CONTEXT_RESUME_BYTES 216
#define CONTEXT_START_RIP 224
#define CONTEXT_START_RSP 232

/* CpuLocal (cpu/cpu_local.hpp), reached through the GS base in the kernel. */
#define CPU_SELF 0
#define CPU_STACK_TOP 8
#define CPU_USER_RSP 16
#define CPU_CONTEXT 24
#define CPU_MUST_DISPATCH 32
#define CPU_CALLS 40
#define CPU_HAS_SMAP 48
#define CPU_FAULTS 56
#define CPU_INDEX 64
#define CPU_INVALIDATIONS 72
#define CPU_TABLE_LOADS 80
#define CPU_BIT 88

/* The kernel's stack with its guard page, from its start (arch/x86_64/stacks.hpp). */
#define KERNEL_STACK_TOP 0x5000

/* User segments (arch/x86_64/descriptors.hpp) and the flags an upcall starts with: IF and the bit
 * that is always one. */
#define USER_DATA 0x1b
#define USER_CODE 0x23
#define USER_RFLAGS 0x202

/* CpuLocal::must_dispatch: the call's result must not be put into the context. */
#define DISPATCH_CONTEXT_COMPLETE 2

/* System-call words (lamina/syscalls.hpp, lamina/status.def). */
#define CALL_TAG 0x4C414D04
#define STATUS_BAD_CALL 1
#define FOREIGN_NO_ENTRY (-38)
