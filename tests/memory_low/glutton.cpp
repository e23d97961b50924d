// tests/memory_low/glutton.cpp - an app that takes all the memory it can have, and keeps it; with
// an argument it takes none.
#include <cstdint>
#include <span>
#include <string_view>

#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"

int lamina_main(std::span<const std::string_view> arguments) {
    const auto never = libos::own(libos::sys::notification_create(libos::fixed::account));
    if (!never) return 1;
    for (std::uint64_t count = arguments.size() > 1 ? 0 : 128; count != 0; count /= 2)
        while (libos::sys::frames_alloc(libos::fixed::account, count)) {
        }
    (void)libos::sys::notification_wait(never->get(), 1, lamina::wait_forever);
    return 0;
}
