// tests/guest/race_stage.cpp - an app on another CPU, with the pages that a test shares with it.
#include "tests/guest/race_stage.hpp"

#include "tests/guest/support.hpp"

namespace races {

using lamina::Protection;
using lamina::Result;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

Result<Pages> Pages::create() {
    Pages made;
    LAMINA_TRY(made.run_, libos::own(sys::frames_alloc(fixed::account, page_count)));
    LAMINA_TRY(made.mapping_, libos::Mapping::create(made.run(), 0, page_count,
                                                     Protection::read | Protection::write));
    return made;
}

Result<Player> Player::start(std::string_view deed, const Pages& pages, std::uint64_t cpu) {
    constexpr auto read_write = Protection::read | Protection::write;
    auto request = guest::request("hostile", {&deed, 1});
    request.cpu = cpu;
    Player made;
    LAMINA_TRY(made.child_, libos::spawn(request));
    struct Part {
        std::uint64_t frame;
        std::uint64_t count;
        std::uint64_t address;
    };
    // The control page last: the app waits for it.
    constexpr Part parts[] = {
        {area_frame, 1, area_page},
        {area_frame, 4, area_aliases},
        {argument_frame, 2, argument_pages},
        {0, 1, control_page},
    };
    for (const auto& [frame, count, address] : parts)
        LAMINA_CHECK(sys::frames_map(made.env(), pages.run(), frame, count, address, read_write));
    return made;
}

bool Player::ended() { return sys::env_report(env(), &report_).has_value(); }

void Player::wait_end() {
    while (!ended())
        (void)sys::vcpu_yield();
}

}  // namespace races
