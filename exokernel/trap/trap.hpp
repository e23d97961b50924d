// exokernel/trap/trap.hpp - what happens on exceptions and interrupts.
#pragma once

#include <cstdint>

namespace exo {

/// What entry.S pushes when the kernel itself was interrupted.
struct KernelFrame {
    std::uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp;
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t vector, error_code;
    std::uint64_t rip, cs, rflags, rsp, ss;
};

// Called by entry.S. From user mode the registers are in the running vCPU's context.
extern "C" void exo_trap_from_user(std::uint64_t vector, std::uint64_t error_code);
extern "C" void exo_foreign_while_disabled();
extern "C" void exo_trap_from_kernel(KernelFrame* frame);
extern "C" void exo_trap_on_own_stack(KernelFrame* frame);

}  // namespace exo
