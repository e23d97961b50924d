// tests/guest/hoarder.cpp - an app that takes much memory and, by its first argument, more or less
// of it back when it is asked for.
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/layout.hpp"
#include "lamina/predicate.hpp"
#include "lamina/vcpu.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/upcall/upcall.hpp"
#include "tests/guest/hoarder.hpp"

namespace {

using lamina::Handle;
using lamina::Protection;
using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr auto ready = lamina::make_handle(hoard::ready_slot, 0);
constexpr auto go = lamina::make_handle(hoard::go_slot, 0);
constexpr std::uint64_t here = 0x5000'0000'0000;
constexpr auto all_frame_rights = Rights::read | Rights::write | Rights::copy;

constinit Handle hoarded[hoard::frames] = {};
constinit std::uint64_t hoarded_count = 0;
constinit volatile std::uint64_t given_back = 0;

Handle take(std::uint64_t count) {
    return sys::frames_alloc(fixed::account, count).value_or(Handle::null);
}

bool map(Handle run, std::uint64_t count, std::uint64_t at) {
    return sys::frames_map(fixed::self, run, 0, count, here + at * lamina::page_size,
                           Protection::read | Protection::write)
        .has_value();
}

[[noreturn]] void loop() {
    for (;;)
        asm volatile("");
}

void tell_ready() { (void)sys::notification_signal(ready, 1); }

// Runs of one frame, each by a capability, and mapped.
bool take_singles() {
    for (; hoarded_count < hoard::frames; ++hoarded_count) {
        hoarded[hoarded_count] = take(1);
        if (!map(hoarded[hoarded_count], 1, hoarded_count)) return false;
    }
    return true;
}

int ignore() {
    if (!take_singles()) return 1;
    tell_ready();
    loop();
}

// 0 if, when it is told to look, what the kernel wrote to its area is as much as it was told of.
int sleep() {
    if (!take_singles()) return 1;
    tell_ready();
    const auto expected = sys::notification_wait(go, ~std::uint64_t{0}, lamina::wait_forever);
    if (!expected) return 2;
    const auto& area = libos::vcpu_area();
    if (area.taken_count != *expected) return 3;
    // The last of them, each gone.
    const auto kept = *expected < lamina::taken_kept ? *expected : lamina::taken_kept;
    for (std::uint64_t i = 0; i < kept; ++i)
        if (area.taken[i].count != 1 || area.taken[i].first == 0) return 4;
    // Small runs of the libOS may have gone first. Of its own, page and handle went together.
    std::uint64_t gone = 0;
    for (std::uint64_t i = 0; i < hoard::frames; ++i) {
        lamina::CapInfo info = {};
        const bool held = sys::cap_inspect(hoarded[i], &info).has_value();
        const auto page = here + i * lamina::page_size;
        if (sys::frames_protect(fixed::self, page, 1, Protection::read).has_value() != held)
            return 5;
        gone += held ? 0 : 1;
    }
    return gone != 0 && gone <= *expected ? 0 : 6;
}

// Runs that only pages refer to.
int keep_mappings() {
    for (std::uint64_t i = 0; i < hoard::frames; ++i) {
        const Handle run = take(1);
        if (!map(run, 1, i) || !sys::cap_drop(run)) return 1;
    }
    tell_ready();
    loop();
}

// One run, mapped, which must be cut; what is left can be used after.
int keep_one_run() {
    const Handle run = take(hoard::frames);
    if (!map(run, hoard::frames, 0)) return 1;
    tell_ready();
    const auto lost = sys::notification_wait(go, ~std::uint64_t{0}, lamina::wait_forever);
    lamina::CapInfo info = {};
    if (!lost || !sys::cap_inspect(run, &info)) return 2;
    // Small runs of the libOS may have gone before it.
    const auto& area = libos::vcpu_area();
    std::uint64_t taken = 0;
    for (std::uint64_t i = 0; i < area.taken_count; ++i)
        taken += area.taken[i].count;
    const auto& cut = area.taken[area.taken_count - 1];
    if (taken != *lost || info.count != hoard::frames - cut.count) return 3;
    if (cut.first != info.first_frame + info.count) return 4;
    if (!map(run, info.count, 0)) return 5;
    return map(run, info.count + 1, hoard::frames) ? 6 : 0;
}

// Makes runs of one run and one run of them, again and again.
int split() {
    const Handle run = take(hoard::frames);
    tell_ready();
    for (;;) {
        const auto rest = sys::frames_split(run, hoard::frames / 2);
        if (rest) (void)sys::frames_merge(run, *rest);
    }
}

// Derives a chain from one run, again and again.
int derive() {
    const Handle run = take(hoard::frames);
    Handle last = run;
    for (std::uint64_t i = 0; i < hoard::derived; ++i)
        last = sys::cap_derive(last, all_frame_rights, 0, 0).value_or(last);
    tell_ready();
    for (;;) {
        const auto again = sys::cap_derive(last, all_frame_rights, 0, 0);
        if (again)
            last = *again;
        else
            last = run;
    }
}

void give_back(lamina::VcpuArea& area) {
    for (std::uint64_t i = 0; i < area.reclaim_frames && hoarded_count != 0; ++i) {
        --hoarded_count;
        (void)sys::frames_unmap(fixed::self, here + hoarded_count * lamina::page_size, 1);
        (void)sys::cap_drop(hoarded[hoarded_count]);
        given_back = given_back + 1;
    }
}

// Gives back what it is asked for while it does something else.
int obey() {
    if (!take_singles() || !libos::set_reclaim_handler(give_back)) return 1;
    tell_ready();
    loop();
}

// The same, but it waits. 0 if that was what ended its wait.
int obey_from_sleep() {
    if (!take_singles() || !libos::set_reclaim_handler(give_back)) return 1;
    tell_ready();
    const auto waited = sys::notification_wait(go, 1, lamina::wait_forever);
    if (waited || waited.error() != lamina::Status::interrupted) return 2;
    return given_back != 0 ? 0 : 3;
}

// The same, but it waits for a word of memory, which is never 1.
int obey_from_watch() {
    if (!take_singles() || !libos::set_reclaim_handler(give_back)) return 1;
    tell_ready();
    const auto kept = sys::frames_alloc(fixed::account, 1);
    if (!kept) return 4;
    const lamina::Predicate word = {1, 1, {{lamina::PredicateOp::load, 0}}, {}, {{*kept, 0}}};
    const auto waited = sys::predicate_wait(&word, lamina::wait_forever);
    if (waited || waited.error() != lamina::Status::interrupted) return 2;
    return given_back != 0 ? 0 : 3;
}

struct Kind {
    std::string_view name;
    int (*function)();
};

constexpr Kind kinds[] = {
    {"derive", derive},
    {"ignore", ignore},
    {"keep-mappings", keep_mappings},
    {"keep-one-run", keep_one_run},
    {"obey", obey},
    {"obey-from-sleep", obey_from_sleep},
    {"obey-from-watch", obey_from_watch},
    {"sleep", sleep},
    {"split", split},
};

}  // namespace

int lamina_main(std::span<const std::string_view> arguments) {
    if (!libos::start_upcalls()) return 98;
    for (const auto& kind : kinds)
        if (arguments.size() == 2 && arguments[1] == kind.name) return kind.function();
    return 99;
}
