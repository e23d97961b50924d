// libos/clock/convert.hpp - time-stamp counter ticks to nanoseconds.
#pragma once

#include <cstdint>

namespace libos {

/// ticks * multiplier >> shift with a 128-bit product; shift < 128. Wraps past 64 bits.
constexpr std::uint64_t ticks_to_ns(std::uint64_t ticks, std::uint64_t multiplier,
                                    std::uint32_t shift) {
    return std::uint64_t(static_cast<unsigned __int128>(ticks) * multiplier >> shift);
}

}  // namespace libos
