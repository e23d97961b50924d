// exokernel/driver/pit/pit.hpp - the 8254 timer, by which the processor's clocks are measured.
// Source: Intel 8254 data sheet, mode 0.
#pragma once

#include <cstdint>

namespace exo {

/// How long wait_pit() takes: 4772 ticks of 1193182 Hz.
inline constexpr std::uint64_t pit_wait_ns = 4772 * 1'000'000'000ULL / 1'193'182;

/// Waits while channel 2 counts down once.
void wait_pit();

}  // namespace exo
