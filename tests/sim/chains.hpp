// tests/sim/chains.hpp - what must hold of vCPUs that call each other, after every step.
#pragma once

#include "tests/sim/kernel_view.hpp"
#include "tests/sim/machine.hpp"

namespace sim {

/// Chains are whole and not too long, gates know their free activations, every vCPU is loaded on
/// one CPU at most, and who runs has the slice of its chain's base. Needs: no CPU has a lock.
void check_chains(const KernelView& view, Machine& machine);

}  // namespace sim
