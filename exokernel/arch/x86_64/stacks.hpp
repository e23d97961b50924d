// exokernel/arch/x86_64/stacks.hpp - where the kernel's stacks lie.
#pragma once

#include <cstddef>
#include <cstdint>

#include "exokernel/core/offsets.h"
#include "exokernel/core/types.hpp"

namespace exo::arch {

inline constexpr std::size_t stack_bytes = 4 * page_size;

/// The stack that boot and every entry use, with a page below that stays unmapped: running over it
/// faults, and the fault, having no stack, becomes a double fault, which has.
struct GuardedStack {
    alignas(page_size) std::byte guard[page_size];
    std::byte stack[stack_bytes];
};
static_assert(sizeof(GuardedStack) == KERNEL_STACK_TOP);

/// One page; its last words are the CpuLocal pointer and padding, found from any address in it.
struct alignas(page_size) InterruptStack {
    std::byte stack[page_size - 16];
    void* cpu;
    std::uint64_t padding;
};

inline constexpr unsigned interrupt_stack_count = 4;

}  // namespace exo::arch
