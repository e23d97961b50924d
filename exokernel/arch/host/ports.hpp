// exokernel/arch/host/ports.hpp - I/O ports of the host build: nothing answers.
#pragma once

#include <cstdint>

namespace exo::arch {

inline void out8(std::uint16_t, std::uint8_t) {}
inline void out16(std::uint16_t, std::uint16_t) {}
inline std::uint8_t in8(std::uint16_t) { return 0xff; }

}  // namespace exo::arch
