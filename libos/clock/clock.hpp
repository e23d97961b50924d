// libos/clock/clock.hpp - nanoseconds since boot, read without entering the kernel.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"

namespace libos {

/// Nanoseconds since boot. Errors: those of info_pages.
lamina::Result<std::uint64_t> now_ns();

}  // namespace libos
