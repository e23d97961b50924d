// tests/sim/turns.hpp - what must hold of turns, waits and timers, after every step.
#pragma once

#include "tests/sim/kernel_view.hpp"
#include "tests/sim/machine.hpp"

namespace sim {

/// Who could run has turns, and nobody else; who waits waits for what has not come; a timer is set
/// for whatever is due next; and who is in user mode may run. Needs: no CPU has a lock.
void check_turns(const KernelView& view, Machine& machine);

}  // namespace sim
