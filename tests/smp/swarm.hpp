// tests/smp/swarm.hpp - what the app swarm and the tests that start it share.
#pragma once

#include <atomic>
#include <cstdint>

#include "lamina/rights.hpp"

namespace swarm {

inline constexpr std::uint32_t vcpus_max = 8;

/// How many blocks each vCPU has computed when one of them does what is asked for.
inline constexpr std::uint64_t blocks_before = 3;

/// Frames of Control, and of the area that `revoked` has.
inline constexpr auto control_handle = lamina::make_handle(9, 0);
inline constexpr auto area_handle = lamina::make_handle(10, 0);

struct Control {
    std::atomic<std::uint64_t> beats[vcpus_max];  ///< By each vCPU: blocks that it computed.
    std::atomic<std::uint64_t> wrong;             ///< By the app: one came out wrong.
    std::atomic<std::uint64_t> moved;             ///< By the app: the area is in that page.
    std::atomic<std::uint64_t> stop;              ///< By the test: the app is to exit with 0.
};

}  // namespace swarm
