// exokernel/arch/x86_64/clock.cpp - time since boot, and the one-shot timer.
// Source: Intel SDM vol. 3B, 18.17 (time stamp counter).
#include "exokernel/arch/x86_64/clock.hpp"

#include <algorithm>

#include "arch/machine.hpp"
#include "exokernel/arch/x86_64/apic.hpp"
#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/core/after_init.hpp"
#include "lamina/syscalls.hpp"

namespace exo::arch {
namespace {

LAMINA_AFTER_INIT ClockParameters clock = {0, 1ULL << 32, 32};
/// APIC ticks per ns, 32 bits after the point.
LAMINA_AFTER_INIT std::uint64_t timer_multiplier = 0;

std::uint64_t scale(std::uint64_t value, std::uint64_t multiplier) {
    return std::uint64_t((static_cast<unsigned __int128>(value) * multiplier) >> 32);
}

}  // namespace

void calibrate_clock(std::uint64_t tsc_base, std::uint64_t wait_ns, void (*wait)()) {
    start_timer(~0U);
    const std::uint64_t start = read_tsc();
    wait();
    const std::uint64_t tsc_ticks = read_tsc() - start;
    const std::uint64_t timer_ticks = ~0U - timer_count();
    start_timer(0);
    clock = {tsc_base, (wait_ns << 32) / std::max<std::uint64_t>(tsc_ticks, 1), 32};
    timer_multiplier = (timer_ticks << 32) / wait_ns;
}

const ClockParameters& clock_parameters() { return clock; }

std::uint64_t now_ns() { return scale(read_tsc() - clock.tsc_base, clock.multiplier); }

void arm_timer(std::uint64_t deadline_ns) {
    if (deadline_ns == lamina::wait_forever) return start_timer(0);
    const std::uint64_t now = now_ns();
    constexpr std::uint64_t longest_ns = 1'000'000'000;  // fires early, dispatch arms it again
    const std::uint64_t wait_ns = deadline_ns > now ? std::min(deadline_ns - now, longest_ns) : 0;
    const std::uint64_t ticks = std::min<std::uint64_t>(scale(wait_ns, timer_multiplier), ~0U - 1);
    start_timer(std::uint32_t(ticks) + 1);
}

}  // namespace exo::arch
