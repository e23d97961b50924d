// libos/linux/extended_state.hpp - the program's x87, SSE and AVX registers, to memory and back.
// The libOS does not use them, so that they are the program's whenever it looks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace libos::linux_abi {

/// Bytes of the extended state with all features the kernel has switched on.
std::uint64_t extended_state_bytes();
/// These features: XCR0 (Intel SDM vol. 1, 13.3).
std::uint64_t extended_state_features();

/// Saves them. The bytes last until the next call.
std::span<std::byte> save_extended_state();
/// Loads them from a copy of what is at `from`; false, and nothing is loaded, if that makes no
/// sense to the processor.
bool load_extended_state(std::span<const std::byte> from);
/// As they are when a program starts.
void reset_extended_state();

}  // namespace libos::linux_abi
