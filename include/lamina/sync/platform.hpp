// include/lamina/sync/platform.hpp - what a lock needs from its surroundings, as template policies.
#pragma once

#include <concepts>
#include <cstdint>

#include "lamina/sync/core_platform.hpp"

namespace lamina::sync {

/// A deadline that never comes. Deadlines are absolute, in nanoseconds of `Platform::now()`.
inline constexpr std::uint64_t no_deadline = ~std::uint64_t{0};

/// What the locks of programs and of the libOS need besides.
///
/// - `node()`: the NUMA node the caller is on.
/// - `now()`: nanoseconds since some start; never goes back.
/// - `mask_interrupts()`, `restore_interrupts(state)`: keep this CPU's interrupts (of a libOS: its
///   upcalls) out, and put the mask back as it was. They nest.
template <typename Platform>
concept SpinPlatform = CorePlatform<Platform> && requires(typename Platform::InterruptState state) {
    { Platform::node() } -> std::same_as<std::uint32_t>;
    { Platform::now() } -> std::same_as<std::uint64_t>;
    { Platform::mask_interrupts() } -> std::same_as<typename Platform::InterruptState>;
    { Platform::restore_interrupts(state) } -> std::same_as<void>;
};

/// The deadline `duration_ns` from now; `no_deadline` if that is beyond counting.
template <SpinPlatform Platform>
std::uint64_t deadline_after(std::uint64_t duration_ns) {
    const std::uint64_t now = Platform::now();
    return duration_ns < no_deadline - now ? now + duration_ns : no_deadline;
}

/// Whether the deadline has passed. Reads no clock if there is none.
template <SpinPlatform Platform>
bool passed(std::uint64_t deadline_ns) {
    return deadline_ns != no_deadline && Platform::now() >= deadline_ns;
}

}  // namespace lamina::sync
