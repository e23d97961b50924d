// include/lamina/slice.hpp - how long slices may be, and SliceInfo: what is told of one.
#pragma once

#include <cstdint>

namespace lamina {

/// What a slice's length may be.
inline constexpr std::uint64_t slice_ns_min = 1'000'000;
inline constexpr std::uint64_t slice_ns_max = 100'000'000;

/// A slice as slice_info() tells of it.
struct SliceInfo {
    std::uint32_t cpu;       ///< By its index.
    std::uint32_t position;  ///< In the order in which the CPU goes round its slices.
    std::uint64_t env_id;    ///< Of the vCPU that runs in it; 0: none does.
    std::uint64_t length_ns;
    std::uint64_t excess_ns;  ///< Used after its ends: its next turns are shorter by it.
    std::uint64_t used_ns;    ///< All in all, up to its last end.
};
static_assert(sizeof(SliceInfo) == 40);

}  // namespace lamina
