// exokernel/arch/x86_64/clock.cpp - time since boot, and the one-shot timer.
// Source: Intel 8254 data sheet, mode 0; Intel SDM vol. 3B, 18.17 (time stamp counter).
#include "exokernel/arch/x86_64/clock.hpp"

#include <algorithm>

#include "arch/machine.hpp"
#include "arch/ports.hpp"
#include "exokernel/arch/x86_64/apic.hpp"
#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/core/after_init.hpp"
#include "lamina/syscalls.hpp"

namespace exo::arch {
namespace {

LAMINA_AFTER_INIT ClockParameters clock = {0, 1ULL << 32, 32};
LAMINA_AFTER_INIT std::uint64_t timer_multiplier =
    0;  ///< APIC ticks per ns, 32 bits after the point.

constexpr std::uint64_t pit_hz = 1'193'182;
constexpr std::uint16_t pit_count = 4772;  // 4 ms

std::uint64_t scale(std::uint64_t value, std::uint64_t multiplier) {
    return std::uint64_t((static_cast<unsigned __int128>(value) * multiplier) >> 32);
}

/// Waits while channel 2 of the 8254 counts down once.
void wait_pit() {
    constexpr std::uint16_t control = 0x61;  // bit 0: gate, bit 1: speaker, bit 5: output
    constexpr std::uint8_t output_high = 0x20;
    out8(control, std::uint8_t((in8(control) & ~2) | 1));
    out8(0x43, 0xb0);  // channel 2, low byte then high byte, mode 0
    out8(0x42, pit_count & 0xff);
    out8(0x42, pit_count >> 8);
    while ((in8(control) & output_high) == 0) {
    }
}

}  // namespace

void calibrate_clock(std::uint64_t tsc_base) {
    constexpr std::uint64_t ns_per_s = 1'000'000'000;
    start_timer(~0U);
    const std::uint64_t start = read_tsc();
    wait_pit();
    const std::uint64_t tsc_ticks = read_tsc() - start;
    const std::uint64_t timer_ticks = ~0U - timer_count();
    start_timer(0);
    const std::uint64_t tsc_hz = std::max<std::uint64_t>(tsc_ticks, 1) * pit_hz / pit_count;
    const std::uint64_t timer_hz = timer_ticks * pit_hz / pit_count;
    clock = {tsc_base, (ns_per_s << 32) / tsc_hz, 32};
    timer_multiplier = (timer_hz << 32) / ns_per_s;
}

const ClockParameters& clock_parameters() { return clock; }

std::uint64_t now_ns() { return scale(read_tsc() - clock.tsc_base, clock.multiplier); }

void arm_timer(std::uint64_t deadline_ns) {
    if (deadline_ns == lamina::wait_forever) {
        start_timer(0);
        return;
    }
    const std::uint64_t now = now_ns();
    constexpr std::uint64_t longest_ns = 1'000'000'000;  // fires early, dispatch arms it again
    const std::uint64_t wait_ns = deadline_ns > now ? std::min(deadline_ns - now, longest_ns) : 0;
    const std::uint64_t ticks = std::min<std::uint64_t>(scale(wait_ns, timer_multiplier), ~0U - 1);
    start_timer(std::uint32_t(ticks) + 1);
}

}  // namespace exo::arch
