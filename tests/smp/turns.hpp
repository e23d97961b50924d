// tests/smp/turns.hpp - what the app turns and the tests that start it share.
#pragma once

#include <atomic>
#include <cstdint>

#include "lamina/rights.hpp"

namespace turns {

/// The notification a player waits for, that of the next one, and frames of Control.
inline constexpr auto own_handle = lamina::make_handle(9, 0);
inline constexpr auto next_handle = lamina::make_handle(10, 0);
inline constexpr auto control_handle = lamina::make_handle(11, 0);

struct Control {
    std::atomic<std::uint64_t> turn;   ///< Whose number it is modulo the players has the turn.
    std::atomic<std::uint64_t> total;  ///< The game ends with this turn.
};

}  // namespace turns
