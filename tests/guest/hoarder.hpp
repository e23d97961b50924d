// tests/guest/hoarder.hpp - what the app `hoarder` and the tests of repossession agree on.
#pragma once

#include <cstdint>

namespace hoard {

/// Page frames that every hoarder takes.
inline constexpr std::uint64_t frames = 240;
/// Capabilities that one of them derives from each other.
inline constexpr std::uint64_t derived = 600;

/// Slots with notifications: to tell that the frames are taken; to be told to look what is left.
inline constexpr std::uint32_t ready_slot = 9;
inline constexpr std::uint32_t go_slot = 10;

}  // namespace hoard
