// tests/sim/world.hpp - World: one run of the kernel on the simulated machine, from boot on.
#pragma once

#include <cstdint>

#include "tests/sim/checks.hpp"
#include "tests/sim/choices.hpp"
#include "tests/sim/programs.hpp"

namespace sim {

/// What a run has done.
struct RunTotals {
    std::uint64_t steps = 0;
    std::uint64_t full_checks = 0;
    std::uint64_t environments = 0;  ///< Made, beside the first one.
    CallCounts calls;
    ActivityCounts activity;
    std::uint64_t fingerprint = 0;  ///< See Programs::fingerprint().

    void add(const RunTotals& other);
};

/// Boots a machine of this shape, makes up to `steps` steps (fewer if the choices end), lets
/// all CPUs come to rest, and checks everything once more. Ends in violated() if something does not
/// hold. One at a time: the kernel's state is global, and every run starts with a new one.
RunTotals run_world(Choices& choices, std::uint64_t steps, const Shape& shape);

}  // namespace sim
