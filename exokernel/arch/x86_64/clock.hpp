// exokernel/arch/x86_64/clock.hpp - calibration of the time stamp counter and the APIC timer.
#pragma once

#include <cstdint>

namespace exo::arch {

/// ns since boot = (tsc - tsc_base) * multiplier >> shift.
struct ClockParameters {
    std::uint64_t tsc_base;
    std::uint64_t multiplier;
    std::uint32_t shift;
};

/// Measures both clocks while `wait` takes `wait_ns`, at most a second. Needs: init_local_apic().
void calibrate_clock(std::uint64_t tsc_base, std::uint64_t wait_ns, void (*wait)());
const ClockParameters& clock_parameters();

}  // namespace exo::arch
