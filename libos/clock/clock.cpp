// libos/clock/clock.cpp - nanoseconds since boot, read without entering the kernel.
#include "libos/clock/clock.hpp"

#include "libos/clock/convert.hpp"
#include "libos/info/info.hpp"

namespace libos {

lamina::Result<std::uint64_t> now_ns() {
    LAMINA_TRY(const auto* pages, info_pages());
    // The clock's parameters do not change after boot.
    const auto& page = pages->page;
    return ticks_to_ns(__builtin_ia32_rdtsc() - page.tsc_base, page.tsc_multiplier, page.tsc_shift);
}

lamina::Result<std::uint64_t> wall_offset_ns() {
    LAMINA_TRY(const auto* pages, info_pages());
    return pages->page.wall_offset_ns;
}

}  // namespace libos
