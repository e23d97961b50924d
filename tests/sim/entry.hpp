// tests/sim/entry.hpp - the ways into the simulated machine's kernel and out of it.
//
// What exokernel/arch/x86_64/entry.S and exokernel/trap do around the portable kernel, in the same
// order. Called on the fiber of the CPU that enters.
#pragma once

#include <array>
#include <cstdint>

#include "exokernel/cpu/context.hpp"
#include "exokernel/cpu/cpu_local.hpp"
#include "exokernel/syscall/calls.hpp"

namespace sim {

using exo::CallResult;
using CallArguments = std::array<std::uint64_t, 6>;

/// The call in which a CPU makes a step.
struct CallInProgress {
    std::uint64_t caller = 0;  ///< Id of the environment; 0: in none.
    std::uint64_t number = 0;
    CallArguments arguments = {};
};

/// Begins with what follows a CPU's start: go_on() is next.
void come_from_boot();

/// Makes a system call. True if the caller goes on at once, with `result`; if not, go_on() must
/// follow: the result is in its context, if the call has one.
bool enter_by_call(exo::CpuLocal& cpu, std::uint64_t number, const CallArguments& arguments,
                   CallResult& result);
/// An exception that the environment does not handle; go_on() must follow.
void enter_by_fault(exo::CpuLocal& cpu);
/// An interrupt in user mode; go_on() must follow.
void enter_by_interrupt(exo::CpuLocal& cpu, bool timer);
/// An interrupt that the kernel lets in while it halts or between two steps of long work.
void interrupt_in_kernel(exo::CpuLocal& cpu, bool timer);
/// Picks who goes on, and its registers.
const exo::Context& go_on();

}  // namespace sim
