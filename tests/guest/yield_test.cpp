// tests/guest/yield_test.cpp - giving the rest of a slice to another vCPU.
#include <atomic>

#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/selectors.hpp"

namespace {

using lamina::Handle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr Handle first = lamina::make_handle(lamina::slots::vcpu, 0);

std::atomic<std::uint64_t> turns = 0;
std::atomic<bool> waits = false;
std::uint64_t seen = 0;  // in the second vCPU's selectors
Handle bell;

/// What the second vCPU does for ever: it counts its turns and gives the CPU back.
[[noreturn]] void take_turns() {
    for (;;) {
        ++turns;
        seen |= guest::selectors();
        guest::set_selectors();
        if (waits)
            (void)sys::notification_wait(bell, 1, lamina::wait_forever);
        else
            (void)sys::vcpu_yield_to(first);
    }
}

/// The second vCPU, started.
Handle second() {
    static Handle made = Handle::null;
    if (made != Handle::null) return made;
    bell = sys::notification_create(fixed::account).value_or(Handle::null);
    auto stack = libos::Mapping::create_new(fixed::account, 4);
    const auto vcpu = sys::vcpu_create(Handle::null, fixed::account, 0);
    if (!stack || !vcpu) return Handle::null;
    const auto bytes = stack->release();
    // As after a call: 8 below a multiple of 16.
    const auto top = reinterpret_cast<std::uint64_t>(bytes.data() + bytes.size()) - 8;
    if (!sys::vcpu_start(*vcpu, reinterpret_cast<const void*>(&take_turns), top, 0))
        return Handle::null;
    made = *vcpu;
    return made;
}

void test_it_goes_there_and_back() {
    TEST_ASSERT_TRUE(second() != Handle::null);
    (void)sys::vcpu_yield();  // at the start of a slice
    for (int i = 0; i < 100; ++i) {
        const auto before = turns.load();
        TEST_ASSERT_OK(sys::vcpu_yield_to(second()));
        TEST_ASSERT_EQUAL(before + 1, turns.load());
    }
}

void test_the_data_segment_selectors_stay_behind() {
    TEST_ASSERT_OK(sys::vcpu_yield_to(second()));
    guest::set_selectors();
    const auto there = sys::vcpu_yield_to(second());
    const std::uint64_t back = guest::selectors();
    TEST_ASSERT_OK(there);
    TEST_ASSERT_EQUAL(0U, seen);
    TEST_ASSERT_EQUAL(0U, back);
}

void test_when_the_other_waits_the_slice_comes_back() {
    waits = true;
    (void)sys::vcpu_yield_to(second());
    (void)sys::vcpu_yield();  // at the start of a slice
    for (int i = 0; i < 100; ++i) {
        (void)sys::notification_signal(bell, 1);
        const auto before = turns.load();
        TEST_ASSERT_OK(sys::vcpu_yield_to(second()));
        TEST_ASSERT_EQUAL(before + 1, turns.load());
        TEST_ASSERT_STATUS(busy, sys::vcpu_yield_to(second()));
    }
    waits = false;
    (void)sys::notification_signal(bell, 1);
    (void)sys::vcpu_yield_to(second());
}

void test_one_that_was_never_started_is_busy() {
    const auto vcpu = libos::own(sys::vcpu_create(Handle::null, fixed::account, 0));
    TEST_ASSERT_OK(vcpu);
    TEST_ASSERT_STATUS(busy, sys::vcpu_yield_to(vcpu->get()));
}

void test_one_of_another_cpu_is_refused() {
    const auto vcpu = libos::own(sys::vcpu_create(Handle::null, fixed::account, 1));
    TEST_ASSERT_OK(vcpu);
    TEST_ASSERT_STATUS(bad_argument, sys::vcpu_yield_to(vcpu->get()));
}

void test_it_needs_the_right() {
    const auto weak = libos::own(sys::cap_derive(first, lamina::Rights::manage, 0, 0));
    TEST_ASSERT_OK(weak);
    TEST_ASSERT_STATUS(missing_right, sys::vcpu_yield_to(weak->get()));
}

void test_to_itself_it_goes_on() { TEST_ASSERT_OK(sys::vcpu_yield_to(first)); }

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_it_goes_there_and_back);
    RUN_TEST(test_the_data_segment_selectors_stay_behind);
    RUN_TEST(test_when_the_other_waits_the_slice_comes_back);
    RUN_TEST(test_one_that_was_never_started_is_busy);
    RUN_TEST(test_one_of_another_cpu_is_refused);
    RUN_TEST(test_it_needs_the_right);
    RUN_TEST(test_to_itself_it_goes_on);
    return libos::unity::end();
}
