// tests/smp/contexts_test.cpp - environments take turns, alone, in pairs and in tens; some end or
// crash and the others go on; when all wait, nothing runs.
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/report.hpp"
#include "libos/clock/clock.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/text/text.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/support.hpp"
#include "tests/smp/turns.hpp"

namespace {

using lamina::EndCause;
using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::size_t players_max = 10;
constinit std::uint32_t cpu_count = 0;

/// Players that have their turns round the circle.
class Game {
public:
    /// Starts them, on the first CPUs in turn. They all wait.
    static lamina::Result<Game> start(std::uint64_t players, std::uint64_t cpus) {
        Game made;
        made.players_ = players;
        LAMINA_TRY(made.run_, libos::own(sys::frames_alloc(fixed::account, 1)));
        LAMINA_TRY(made.control_,
                   libos::Mapping::create(made.run_.get(), 0, 1,
                                          lamina::Protection::read | lamina::Protection::write));
        for (std::uint64_t i = 0; i < players; ++i) {
            LAMINA_TRY(made.wakes_[i], libos::own(sys::notification_create(fixed::account)));
        }
        for (std::uint64_t i = 0; i < players; ++i) {
            LAMINA_CHECK(made.start_one(i, i % cpus));
        }
        return made;
    }

    turns::Control& control() { return *reinterpret_cast<turns::Control*>(control_.address()); }

    /// Has them take so many turns, and end; how many switches that took.
    std::uint64_t play(std::uint64_t total) {
        const auto before = guest::info().switches;
        control().total = total;
        if (!sys::notification_signal(wakes_[0].get(), 1)) return 0;
        for (std::uint64_t i = 0; i < players_; ++i) {
            const auto report = guest::wait_end(std::move(children_[i]));
            if (report.cause == EndCause::exited && report.status == 0) continue;
            libos::TextBuffer<80> why;
            put(why, "player ", i, ": cause ", std::uint64_t(report.cause), ", status ",
                report.status);
            libos::unity::fail(__FILE__, __LINE__, why.view());
        }
        return guest::info().switches - before;
    }

    void await_all_waiting() {
        for (std::uint64_t i = 0; i < players_; ++i)
            while (!guest::waits(children_[i].id))
                (void)sys::vcpu_yield();
    }

private:
    lamina::Result<void> start_one(std::uint64_t number, std::uint64_t cpu) {
        libos::TextBuffer<8> number_text;
        libos::TextBuffer<8> players_text;
        put(number_text, number);
        put(players_text, players_);
        const std::array arguments = {number_text.view(), players_text.view()};
        const auto next = wakes_[(number + 1) % players_].get();
        const std::array grants = {
            libos::Grant{lamina::slots::info, fixed::info, Rights::read},
            libos::Grant{lamina::handle_slot(turns::own_handle), wakes_[number].get(),
                         Rights::wait},
            libos::Grant{lamina::handle_slot(turns::next_handle), next, Rights::signal},
            libos::Grant{lamina::handle_slot(turns::control_handle), run_.get(),
                         Rights::read | Rights::write},
        };
        auto request = guest::request("turns", arguments);
        request.grants = grants;
        request.cpu = cpu;
        LAMINA_TRY(children_[number], libos::spawn(request));
        return {};
    }

    std::uint64_t players_ = 0;
    libos::OwnedHandle run_;
    libos::Mapping control_;
    std::array<libos::OwnedHandle, players_max> wakes_;
    std::array<libos::Child, players_max> children_;
};

void play(std::uint64_t players, std::uint64_t cpus, std::uint64_t total) {
    auto game = Game::start(players, cpus);
    TEST_ASSERT_OK(game);
    const auto switches = game->play(total);
    if (TEST_FAILED()) return;
    TEST_ASSERT_EQUAL(total, game->control().turn.load());
    // On one CPU every turn is a switch, if there is somebody to switch to.
    if (cpus == 1 && players > 1) TEST_ASSERT_TRUE(switches >= total);
}

void test_one_runs() { play(1, 1, 1000); }

void test_two_alternate() { play(2, 1, 1000); }

void test_ten_with_1000_turns_each() { play(players_max, cpu_count, 10'000); }

void test_ten_with_100_turns_each_on_one_cpu() { play(players_max, 1, 1000); }

// 5,000 signals between two CPUs, or 100,000.
void test_two_on_different_cpus_alternate() {
    play(2, cpu_count, guest::is_long() ? 100'000 : 5'000);
}

// The rest of the circle would be stuck if the end of one took anything from another.
void go_on_after(std::string_view deed, std::string_view argument, EndCause cause) {
    auto game = Game::start(3, cpu_count);
    TEST_ASSERT_OK(game);
    auto victim = argument.empty() ? guest::start("victim", {deed})
                                   : guest::start("victim", {deed, argument});
    TEST_ASSERT_OK(victim);
    TEST_ASSERT_EQUAL(cause, guest::wait_end(std::move(*victim)).cause);
    (void)game->play(300);
}

void test_one_exits_and_the_others_go_on() { go_on_after("exit", "3", EndCause::exited); }

void test_one_crashes_and_the_others_go_on() { go_on_after("halt", "", EndCause::faulted); }

// No switch but to the test and back, and only the interrupts that the test needs.
void test_when_all_wait_nothing_runs() {
    auto game = Game::start(players_max, cpu_count);
    TEST_ASSERT_OK(game);
    game->await_all_waiting();
    const auto own = libos::own(sys::notification_create(fixed::account));
    TEST_ASSERT_OK(own);
    const auto before = guest::info();
    constexpr std::uint64_t waits = 5;
    constexpr std::uint64_t wait_ns = 60'000'000;
    for (std::uint64_t i = 0; i < waits; ++i)
        TEST_ASSERT_STATUS(timed_out,
                           sys::notification_wait(own->get(), 1, *libos::now_ns() + wait_ns));
    const auto after = guest::info();
    TEST_ASSERT_TRUE(after.switches - before.switches <= 2 * waits);
    TEST_ASSERT_TRUE(after.interrupts - before.interrupts <= 4 * waits * cpu_count);
    (void)game->play(100);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    cpu_count = guest::info().cpu_count_used;
    RUN_TEST(test_one_runs);
    RUN_TEST(test_two_alternate);
    RUN_TEST(test_ten_with_1000_turns_each);
    RUN_TEST(test_ten_with_100_turns_each_on_one_cpu);
    RUN_TEST(test_two_on_different_cpus_alternate);
    RUN_TEST(test_one_exits_and_the_others_go_on);
    RUN_TEST(test_one_crashes_and_the_others_go_on);
    RUN_TEST(test_when_all_wait_nothing_runs);
    return libos::unity::end();
}
