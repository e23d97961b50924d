// exokernel/arch/x86_64/stop.hpp - how this machine stops after a panic.
#pragma once

namespace exo::arch {

/// What ends a panic instead of halting (command line: panic=exit).
void set_panic_end(void (*end)());

/// Whether a panic is stopping the machine: whoever gets an NMI then halts.
bool stopping();

}  // namespace exo::arch
