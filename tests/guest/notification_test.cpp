// tests/guest/notification_test.cpp - notifications, deadlines and the clock from inside.
#include "libos/clock/clock.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::no_wait;
using lamina::Rights;
using lamina::wait_forever;
using libos::OwnedHandle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t all = ~std::uint64_t{0};
constexpr std::uint64_t ms = 1'000'000;

OwnedHandle make() {
    auto made = libos::own(sys::notification_create(fixed::account));
    return made ? std::move(*made) : OwnedHandle();
}

void test_bits_set_before_the_wait_are_taken_once() {
    const auto notification = make();
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), all, no_wait));
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 0x5));
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 0x8000'0000'0000'0004));
    const auto bits = sys::notification_wait(notification.get(), all, wait_forever);
    TEST_ASSERT_OK(bits);
    TEST_ASSERT_EQUAL(0x8000'0000'0000'0005U, *bits);
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), all, no_wait));
}

void test_only_the_bits_of_the_mask_are_taken() {
    const auto notification = make();
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 0x7));
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), 0x10, no_wait));
    const auto two = sys::notification_wait(notification.get(), 0x2, no_wait);
    TEST_ASSERT_OK(two);
    TEST_ASSERT_EQUAL(2U, *two);
    const auto rest = sys::notification_wait(notification.get(), all, no_wait);
    TEST_ASSERT_OK(rest);
    TEST_ASSERT_EQUAL(5U, *rest);
    TEST_ASSERT_STATUS(bad_argument, sys::notification_wait(notification.get(), 0, no_wait));
}

void test_signalling_no_bits_wakes_nobody() {
    const auto notification = make();
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 0));
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), all, no_wait));
}

void test_the_clock_does_not_go_back() {
    auto before = *libos::now_ns();
    for (int i = 0; i < 2000; ++i) {
        const auto now = *libos::now_ns();
        TEST_ASSERT_TRUE(now >= before);
        before = now;
    }
    TEST_ASSERT_TRUE(before > 0);
}

void test_a_wait_ends_at_its_deadline_and_not_before() {
    const auto notification = make();
    for (const std::uint64_t wait_ns :
         {std::uint64_t{1}, 100'000 * std::uint64_t{1}, 5 * ms, 23 * ms}) {
        const auto deadline = *libos::now_ns() + wait_ns;
        TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), all, deadline));
        TEST_ASSERT_TRUE(*libos::now_ns() >= deadline);
    }
}

void test_a_deadline_in_the_past_does_not_wait() {
    const auto notification = make();
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), all, 1));
}

void test_a_waiting_vcpu_is_not_charged_for_the_time() {
    const auto notification = make();
    const auto run_ns = [] {
        (void)sys::vcpu_yield();
        lamina::CapInfo self = {};
        (void)sys::cap_inspect(fixed::self, &self);
        for (std::uint32_t i = 0; i < lamina::env_count_max; ++i) {
            lamina::EnvInfo info;
            if (libos::read_env_info(i, info) && info.id == self.id) return info.run_ns;
        }
        return std::uint64_t{0};
    };
    const auto before = run_ns();
    TEST_ASSERT_TRUE(before > 0);
    constexpr std::uint64_t waited = 200 * ms;
    (void)sys::notification_wait(notification.get(), all, *libos::now_ns() + waited);
    TEST_ASSERT_TRUE(run_ns() - before < waited / 2);
}

lamina::CpuInfo counted() {
    (void)sys::vcpu_yield();  // which has them shown
    lamina::CpuInfo info = {};
    (void)libos::read_cpu_info(0, info);
    return info;
}

void test_the_time_that_the_cpu_halts_is_idle_time() {
    const auto notification = make();
    const auto before = counted();
    const auto start = *libos::now_ns();
    constexpr std::uint64_t waited = 200 * ms;
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), all, start + waited));
    const auto took = *libos::now_ns() - start;
    const auto after = counted();
    TEST_ASSERT_TRUE(after.idle_ns - before.idle_ns > waited - ms);
    TEST_ASSERT_TRUE(after.idle_ns - before.idle_ns < took);
    TEST_ASSERT_TRUE(after.busy_ns - before.busy_ns < ms);
}

void test_a_child_signals_through_the_capability_it_was_given() {
    const auto notification = make();
    const libos::Grant grants[] = {{9, notification.get(), Rights::signal}};
    const std::string_view arguments[] = {"signal"};
    auto request = guest::request("victim", arguments);
    request.grants = grants;
    auto child = libos::spawn(request);
    TEST_ASSERT_OK(child);
    const auto bits = sys::notification_wait(notification.get(), all, wait_forever);
    TEST_ASSERT_OK(bits);
    TEST_ASSERT_EQUAL(0x10U, *bits);
    TEST_ASSERT_EQUAL(0U, guest::wait_end(std::move(*child)).status);
}

void test_a_child_without_the_right_cannot_signal() {
    const auto notification = make();
    const libos::Grant grants[] = {{9, notification.get(), Rights::wait}};
    const std::string_view arguments[] = {"signal"};
    auto request = guest::request("victim", arguments);
    request.grants = grants;
    auto child = libos::spawn(request);
    TEST_ASSERT_OK(child);
    TEST_ASSERT_EQUAL(1U, guest::wait_end(std::move(*child)).status);
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), all, no_wait));
}

void test_one_vcpu_waits_at_a_time_and_its_end_frees_the_place() {
    const auto notification = make();
    const libos::Grant grants[] = {{9, notification.get(), Rights::wait}};
    const std::string_view arguments[] = {"wait"};
    auto request = guest::request("victim", arguments);
    request.grants = grants;
    auto child = libos::spawn(request);
    TEST_ASSERT_OK(child);
    while (!guest::waits(child->id))
        TEST_ASSERT_OK(sys::vcpu_yield());
    TEST_ASSERT_STATUS(busy, sys::notification_wait(notification.get(), 2, no_wait));
    TEST_ASSERT_OK(sys::env_end(child->env.get(), 0));
    (void)guest::wait_end(std::move(*child));
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), 2, no_wait));
}

void test_a_signal_wakes_the_waiting_vcpu() {
    const auto notification = make();
    const libos::Grant grants[] = {{9, notification.get(), Rights::wait}};
    const std::string_view arguments[] = {"wait"};
    auto request = guest::request("victim", arguments);
    request.grants = grants;
    auto child = libos::spawn(request);
    TEST_ASSERT_OK(child);
    while (!guest::waits(child->id))
        TEST_ASSERT_OK(sys::vcpu_yield());
    // A bit outside its mask does not.
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 2));
    TEST_ASSERT_TRUE(guest::waits(child->id));
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 1));
    TEST_ASSERT_EQUAL(1U, guest::wait_end(std::move(*child)).status);
}

void test_input_can_be_bound_and_unbound() {
    const auto notification = make();
    TEST_ASSERT_OK(sys::console_bind(fixed::console, notification.get(), 1));
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(notification.get(), 1, no_wait));
    TEST_ASSERT_OK(sys::console_bind(fixed::console, lamina::Handle::null, 0));
    char byte = 0;
    const auto taken = sys::console_read(fixed::console, &byte, 1);
    TEST_ASSERT_OK(taken);
    TEST_ASSERT_EQUAL(0U, *taken);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_bits_set_before_the_wait_are_taken_once);
    RUN_TEST(test_only_the_bits_of_the_mask_are_taken);
    RUN_TEST(test_signalling_no_bits_wakes_nobody);
    RUN_TEST(test_the_clock_does_not_go_back);
    RUN_TEST(test_a_wait_ends_at_its_deadline_and_not_before);
    RUN_TEST(test_a_deadline_in_the_past_does_not_wait);
    RUN_TEST(test_a_waiting_vcpu_is_not_charged_for_the_time);
    RUN_TEST(test_the_time_that_the_cpu_halts_is_idle_time);
    RUN_TEST(test_a_child_signals_through_the_capability_it_was_given);
    RUN_TEST(test_a_child_without_the_right_cannot_signal);
    RUN_TEST(test_one_vcpu_waits_at_a_time_and_its_end_frees_the_place);
    RUN_TEST(test_a_signal_wakes_the_waiting_vcpu);
    RUN_TEST(test_input_can_be_bound_and_unbound);
    return libos::unity::end();
}
