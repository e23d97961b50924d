// tests/ring3/bounds_test.cpp - what environments build to make one system call of theirs long or
// deep.
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/report.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"

namespace {

using lamina::Handle;
using lamina::Status;
namespace sys = libos::sys;

lamina::CapInfo look(Handle handle) {
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(handle, &info);
    return info;
}

/// Accounts each cut out of the one before, of which only the last is held: giving it up frees them
/// all. How many there are; `last` names the last.
std::uint64_t make_chain(Handle& last) {
    std::uint64_t length = 0;
    last = libos::fixed::account;
    for (;; ++length) {
        const lamina::CapInfo info = look(last);
        const auto made = sys::account_create(last, info.count - info.used - 1);
        if (!made) return length;
        if (last != libos::fixed::account) (void)sys::cap_drop(last);
        last = *made;
    }
}

// A chain of accounts has a bound, and comes apart without running over the kernel's stack.
void test_chain_of_accounts() {
    const std::uint64_t used = look(libos::fixed::account).used;
    Handle last = Handle::null;
    const std::uint64_t length = make_chain(last);
    TEST_ASSERT_TRUE(length >= 32);
    TEST_ASSERT_TRUE(length <= 64);
    const auto deeper = sys::account_create(last, 1);
    TEST_ASSERT_STATUS(limit_reached, deeper);
    TEST_ASSERT_OK(sys::cap_drop(last));
    TEST_ASSERT_EQUAL(used, look(libos::fixed::account).used);
}

// The chain can be built again as often as one likes: nothing of it is left.
void test_chains_leave_nothing() {
    Handle last = Handle::null;
    const std::uint64_t length = make_chain(last);
    TEST_ASSERT_OK(sys::cap_drop(last));
    for (int i = 0; i < 20; ++i) {
        TEST_ASSERT_EQUAL(length, make_chain(last));
        TEST_ASSERT_OK(sys::cap_drop(last));
    }
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_chain_of_accounts);
    RUN_TEST(test_chains_leave_nothing);
    return libos::unity::end();
}
