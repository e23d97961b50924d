// tests/guest/timer_test.cpp - the timer of a vCPU: when its upcall comes, and what it leaves as it
// was. On the exact machine.
#include <cstdint>

#include "libos/clock/clock.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/upcall/upcall.hpp"
#include "tests/guest/contexts.hpp"
#include "tests/guest/support.hpp"

extern "C" const std::byte guest_opcode[], libos_resume[], libos_resume_end[];

namespace {

using lamina::wait_forever;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t us = 1'000;
constexpr std::uint64_t ms = 1'000'000;

volatile std::uint64_t ticks = 0;
volatile std::uint64_t last_ns = 0;
volatile std::uint64_t again_ns = 0;  // Not 0: the timer is set again, so far on.

void tick(lamina::VcpuArea&) {
    ticks = ticks + 1;
    last_ns = *libos::now_ns();
    if (again_ns != 0) (void)sys::vcpu_timer(last_ns + again_ns);
}

std::uint64_t in(std::uint64_t ns) {
    ticks = 0;
    const auto deadline = *libos::now_ns() + ns;
    (void)sys::vcpu_timer(deadline);
    return deadline;
}

void spin_until(std::uint64_t ns) {
    while (*libos::now_ns() < ns) {
    }
}

void test_it_comes_once_at_its_time() {
    for (const auto ns : {50 * us, 1 * ms, 25 * ms}) {
        const auto deadline = in(ns);
        while (ticks == 0) {
        }
        TEST_ASSERT_TRUE(last_ns >= deadline);
        TEST_ASSERT_TRUE(last_ns < deadline + 20 * us);
        spin_until(deadline + 30 * ms);
        TEST_ASSERT_EQUAL(1U, ticks);
    }
}

void test_a_time_that_has_passed_comes_at_once() {
    for (const std::uint64_t deadline : {std::uint64_t{0}, std::uint64_t{1}, *libos::now_ns()}) {
        ticks = 0;
        TEST_ASSERT_OK(sys::vcpu_timer(deadline));
        TEST_ASSERT_EQUAL(1U, ticks);
    }
}

void test_the_last_time_counts() {
    (void)in(1 * ms);
    const auto deadline = in(3 * ms);
    spin_until(deadline - 100 * us);
    TEST_ASSERT_EQUAL(0U, ticks);
    spin_until(deadline + 100 * us);
    TEST_ASSERT_EQUAL(1U, ticks);
    const auto cancelled = in(1 * ms);
    TEST_ASSERT_OK(sys::vcpu_timer(wait_forever));
    spin_until(cancelled + 2 * ms);
    TEST_ASSERT_EQUAL(0U, ticks);
}

void test_its_handler_may_set_it_again() {
    again_ns = 500 * us;
    const auto first = in(500 * us);
    spin_until(first + 4 * ms + 400 * us);
    again_ns = 0;
    TEST_ASSERT_OK(sys::vcpu_timer(wait_forever));
    TEST_ASSERT_EQUAL(9U, ticks);
}

void test_a_disabled_vcpu_finds_it_pending() {
    auto& area = libos::vcpu_area();
    area.disabled = 1;
    const auto deadline = in(1 * ms);
    while (__atomic_load_n(&area.pending, __ATOMIC_RELAXED) == 0) {
    }
    TEST_ASSERT_TRUE(*libos::now_ns() >= deadline);
    TEST_ASSERT_EQUAL(lamina::pending_timer, area.pending);
    TEST_ASSERT_EQUAL(0U, ticks);
    TEST_ASSERT_EQUAL(1U, area.disabled);
    area.pending = 0;
    area.disabled = 0;
}

// The resume range finds it and has it done before the context goes on.
void test_one_that_is_pending_is_not_lost() {
    const auto context = guest::pattern_context(3, guest_opcode, guest::flags_set);
    guest::expect_exceptions(nullptr);
    libos::vcpu_area().pending = lamina::pending_timer;
    ticks = 0;
    (void)guest_enter_by_range(&context);
    TEST_ASSERT_EQUAL(1U, ticks);
    TEST_ASSERT_TRUE(guest::same(context, guest::seen()[0].context));
}

void test_a_wait_is_not_cut_short() {
    const auto notification = libos::own(sys::notification_create(fixed::account));
    TEST_ASSERT_OK(notification);
    const auto due = in(2 * ms);
    const auto end = due + 18 * ms;
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification->get(), 1, end));
    TEST_ASSERT_TRUE(*libos::now_ns() >= end);
    TEST_ASSERT_EQUAL(1U, ticks);
    TEST_ASSERT_TRUE(last_ns >= end);
}

// The timer comes later by a few instructions each time, over the whole way from the call through
// the resume range to the context and on: one upcall, and no register is lost.
void test_it_may_come_on_the_way_through_the_resume_range() {
    auto& enabled = libos::vcpu_area().enabled;
    const auto start = reinterpret_cast<std::uint64_t>(libos_resume);
    const auto bytes = std::uint64_t(libos_resume_end - libos_resume);
    std::uint64_t at_once = 0;
    std::uint64_t from_pending = 0;
    for (std::uint64_t ns = 0; ns < 6 * us && !TEST_FAILED(); ns += 3) {
        const auto context = guest::pattern_context(ns, guest_opcode, guest::flags_set);
        guest::expect_exceptions(nullptr);
        enabled.rip = 0;
        const auto deadline = in(ns);
        (void)guest_enter_by_range(&context);
        TEST_ASSERT_TRUE(guest::same(context, guest::seen()[0].context));
        TEST_ASSERT_TRUE(guest::stack_is_untouched());
        spin_until(deadline + 20 * us);
        TEST_ASSERT_EQUAL(1U, ticks);
        // What runs inside the range is sent back to its start, disabled, and finds it pending.
        TEST_ASSERT_FALSE(enabled.rip - start < bytes);
        ++(enabled.rip == 0 ? from_pending : at_once);
    }
    TEST_ASSERT_TRUE(from_pending > 0);
    TEST_ASSERT_TRUE(at_once > 0);
}

void test_without_an_entry_it_passes_unseen() {
    TEST_ASSERT_OK(libos::set_timer_handler(nullptr));
    const auto deadline = in(500 * us);
    spin_until(deadline + 1 * ms);
    TEST_ASSERT_EQUAL(0U, ticks);
    TEST_ASSERT_EQUAL(0U, libos::vcpu_area().pending);
    TEST_ASSERT_OK(libos::set_timer_handler(tick));
    TEST_ASSERT_EQUAL(0U, ticks);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!libos::start_upcalls()) return 1;
    guest::hook_exceptions();
    if (!libos::set_timer_handler(tick)) return 2;
    RUN_TEST(test_it_comes_once_at_its_time);
    RUN_TEST(test_a_time_that_has_passed_comes_at_once);
    RUN_TEST(test_the_last_time_counts);
    RUN_TEST(test_its_handler_may_set_it_again);
    RUN_TEST(test_a_disabled_vcpu_finds_it_pending);
    RUN_TEST(test_one_that_is_pending_is_not_lost);
    RUN_TEST(test_a_wait_is_not_cut_short);
    RUN_TEST(test_it_may_come_on_the_way_through_the_resume_range);
    RUN_TEST(test_without_an_entry_it_passes_unseen);
    return libos::unity::end();
}
