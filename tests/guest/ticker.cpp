// tests/guest/ticker.cpp - an app whose deadline passes a fixed time after it gave up the CPU: the
// timer interrupts whoever runs then, in the midst of a slice.
#include <cstdint>
#include <span>
#include <string_view>

#include "libos/clock/clock.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"

int lamina_main(std::span<const std::string_view>) {
    const auto never = libos::sys::notification_create(libos::fixed::account);
    if (!never) return 1;
    constexpr std::uint64_t away_ns = 20'000;
    for (;;) {
        const auto now = libos::now_ns();
        if (!now) return 2;
        (void)libos::sys::notification_wait(*never, 1, *now + away_ns);
    }
}
