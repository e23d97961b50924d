// tests/smp/turns.cpp - an app that takes its turn when it is told to, and tells the next one:
// turns <number> <players>. Status 0: all turns came in order.
#include "tests/smp/turns.hpp"

#include <span>
#include <string_view>

#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/text/text.hpp"
#include "libos/vm/mapping.hpp"

int lamina_main(std::span<const std::string_view> arguments) {
    if (arguments.size() != 3) return 90;
    const auto number = libos::parse_number(arguments[1]).value_or(0);
    const auto players = libos::parse_number(arguments[2]).value_or(1);
    auto page = libos::Mapping::create(turns::control_handle, 0, 1,
                                       lamina::Protection::read | lamina::Protection::write);
    if (!page) return 91;
    auto& control = *reinterpret_cast<turns::Control*>(page->address());
    for (;;) {
        if (!libos::sys::notification_wait(turns::own_handle, 1, lamina::wait_forever)) return 92;
        const std::uint64_t turn = control.turn;
        const bool over = turn >= control.total;
        if (!over) {
            if (turn % players != number) return 93;
            control.turn = turn + 1;
        }
        if (!libos::sys::notification_signal(turns::next_handle, 1)) return 94;
        if (over) return 0;
    }
}
