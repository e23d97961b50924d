// exokernel/cpu/context.hpp - Context: the user registers of a vCPU, and where entry.S finds them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "exokernel/core/offsets.h"
#include "lamina/vcpu.hpp"

namespace exo {

/// Copies of a vCPU's area and entries, which entry.S looks at without a lock: while the vCPU is
/// loaded only that CPU changes them (show_upcalls). All zero while no area is bound.
struct UpcallWords {
    lamina::VcpuArea* area;
    std::uint64_t trap, foreign, stack;
    std::uint64_t resume_start, resume_bytes;
};

/// Written by the entry code, read by the exit code; never in memory user space can reach.
struct Context {
    std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rip, cs, rflags, rsp, ss;  ///< As iretq takes them; cs and ss never change.
    std::uint64_t fs_base, gs_base;  ///< Loaded and saved only when another vCPU takes over.
    UpcallWords upcalls;
    std::uint64_t start_rip, start_rsp;  ///< Of an activation of a gate: where its calls start.
};
static_assert(offsetof(Context, rax) == CONTEXT_RAX);
static_assert(offsetof(Context, r15) == CONTEXT_R15);
static_assert(offsetof(Context, rip) == CONTEXT_RIP && CONTEXT_RIP == CONTEXT_R15 + 8);
static_assert(offsetof(Context, rflags) == CONTEXT_RFLAGS);
static_assert(offsetof(Context, rsp) == CONTEXT_RSP);
static_assert(offsetof(Context, fs_base) == CONTEXT_FS_BASE);
static_assert(offsetof(Context, gs_base) == CONTEXT_GS_BASE);
static_assert(offsetof(Context, upcalls.area) == CONTEXT_AREA);
static_assert(offsetof(Context, upcalls.trap) == CONTEXT_TRAP_ENTRY);
static_assert(offsetof(Context, upcalls.foreign) == CONTEXT_FOREIGN_ENTRY);
static_assert(offsetof(Context, upcalls.stack) == CONTEXT_UPCALL_STACK);
static_assert(offsetof(Context, upcalls.resume_start) == CONTEXT_RESUME_START);
static_assert(offsetof(Context, upcalls.resume_bytes) == CONTEXT_RESUME_BYTES);
static_assert(offsetof(Context, start_rip) == CONTEXT_START_RIP);
static_assert(offsetof(Context, start_rsp) == CONTEXT_START_RSP);

}  // namespace exo
