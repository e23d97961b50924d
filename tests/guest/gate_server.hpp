// tests/guest/gate_server.hpp - what the gate of the app gate_server does, by the first word.
#pragma once

#include <cstdint>

namespace gate_server {

enum Deed : std::uint64_t {
    echo,    ///< Adds the badge to every other word.
    end,     ///< Ends the environment.
    spin,    ///< Never replies.
    wait,    ///< Waits until bit 1 of the bell is set; tells what it got.
    look,    ///< Whether it finds a clean extended state, FS and GS base, and data segment
             ///< selectors: 0 if so. It leaves them all changed.
    revoke,  ///< Revokes all that was made from the gate.
    nest,    ///< Calls the gate again, as often within one another as the next word says; tells
             ///< the first status that is not ok.
};

inline constexpr std::uint32_t parent_slot = 9;  ///< The parent's Env.
inline constexpr std::uint32_t bell_slot = 10;   ///< Bit 0 tells it that the gate is there.
inline constexpr std::uint32_t other_slot = 11;  ///< A gate that it calls, if it has one.
inline constexpr std::uint32_t gate_slot = 12;   ///< Of the parent's table.

}  // namespace gate_server
