// exokernel/cpu/context.hpp - Context: the user registers of a vCPU, and where entry.S finds them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "exokernel/core/offsets.h"

namespace exo {

/// Written by the entry code, read by the exit code; never in memory user space can reach.
struct Context {
    std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rip, rsp, rflags;
    std::uint64_t fs_base, gs_base;      ///< Loaded and saved only when another vCPU takes over.
    std::uint64_t start_rip, start_rsp;  ///< Of an activation of a gate: where its calls start.
};
static_assert(offsetof(Context, rax) == CONTEXT_RAX);
static_assert(offsetof(Context, r15) == CONTEXT_R15);
static_assert(offsetof(Context, rip) == CONTEXT_RIP);
static_assert(offsetof(Context, rsp) == CONTEXT_RSP);
static_assert(offsetof(Context, rflags) == CONTEXT_RFLAGS);
static_assert(offsetof(Context, start_rip) == CONTEXT_START_RIP);
static_assert(offsetof(Context, start_rsp) == CONTEXT_START_RSP);

}  // namespace exo
