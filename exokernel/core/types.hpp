// exokernel/core/types.hpp - strong types for physical addresses and page frame numbers.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

#include "lamina/layout.hpp"

namespace exo {

using lamina::page_size;

/// Most CPUs the kernel runs on.
inline constexpr std::uint32_t cpus_max = 64;

/// A physical page frame by number: physical address / 4096.
struct FrameNumber {
    std::uint32_t value = 0;
    auto operator<=>(const FrameNumber&) const = default;
    constexpr FrameNumber operator+(std::uint32_t frames) const { return {value + frames}; }
};

/// A physical address in bytes.
struct PhysAddr {
    std::uint64_t value = 0;
    auto operator<=>(const PhysAddr&) const = default;
    constexpr PhysAddr operator+(std::uint64_t bytes) const { return {value + bytes}; }
};

constexpr PhysAddr address_of(FrameNumber frame) {
    return {std::uint64_t{frame.value} * page_size};
}
constexpr FrameNumber frame_of(PhysAddr address) {
    return {std::uint32_t(address.value / page_size)};
}

}  // namespace exo
