// libos/clock/clock.hpp - nanoseconds since boot, read without entering the kernel.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"

namespace libos {

/// Nanoseconds since boot. Errors: those of info_pages.
lamina::Result<std::uint64_t> now_ns();

/// Nanoseconds from 1970 (UTC) to boot: what to add to now_ns() for the time of day. 0 if the
/// machine has no clock that runs on a battery. Errors: those of info_pages.
lamina::Result<std::uint64_t> wall_offset_ns();

}  // namespace libos
