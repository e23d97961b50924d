// tests/sim/ledger.hpp - the ledger: every frame has one owner, every charge and reference adds up.
#pragma once

#include "tests/sim/kernel_view.hpp"

namespace sim {

/// Counts everything from scratch and compares it with what the kernel has counted. Needs: no CPU
/// holds a lock.
void check_ledger(const KernelView& view);

/// The same for how often each object and run is referred to.
void check_references(const KernelView& view);

}  // namespace sim
