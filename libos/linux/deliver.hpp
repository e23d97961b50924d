// libos/linux/deliver.hpp - signals to a program's handlers, and back from them.
#pragma once

#include <cstdint>

#include "lamina/vcpu.hpp"

namespace libos::linux_abi {

/// Hooks the exceptions that are signals.
void start_signals();

/// The stack pointer of the program while one of its system calls is served.
std::uint64_t caller_stack_pointer();

/// To be called when what signals wait or are blocked has changed in a system call: they are
/// delivered on the way out of it.
void signals_changed();

/// Goes back from a handler: to what its frame says, at the stack pointer of the call.
[[noreturn]] void leave_handler();

}  // namespace libos::linux_abi
