// tests/sim/stale_entries.hpp - what CPUs remember of page tables that have changed since.
#pragma once

#include "tests/sim/kernel_view.hpp"
#include "tests/sim/machine.hpp"

namespace sim {

/// Checks every entry that a CPU remembers after a step of `actor` in which the kernel ran. An
/// entry that allows more than the tables do now was made stale by this step, if it was not before;
/// until that CPU leaves its kernel the entry may stay, but what it reaches must not be given out.
void check_stale_entries(Machine& machine, const Cpu& actor, const Incarnations& incarnations);

}  // namespace sim
