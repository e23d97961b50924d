// tests/smp/storm_test.cpp - timers on all CPUs as fast as they can be set, while others end
// their slices and one reads the figures.
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "lamina/info.hpp"
#include "libos/clock/clock.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vcpu/vcpu.hpp"
#include "tests/guest/support.hpp"

namespace {

namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint32_t cpus_max = 8;

/// A vCPU that sleeps for a short time again and again.
struct Sleeper {
    libos::Vcpu* vcpu = nullptr;
    lamina::Handle never = lamina::Handle::null;  ///< A notification nobody signals.
    std::uint64_t number = 0;
    std::uint64_t waits = 0;
    bool right = true;
};

constinit std::array<Sleeper, 2 * cpus_max> sleepers = {};
constinit std::uint32_t sleeper_count = 0;
constinit std::atomic<bool> over = false;

// Ends at its deadline and not before, by 1 to 200 microseconds, another time each.
void sleep_until_over(void* argument) {
    Sleeper& self = *static_cast<Sleeper*>(argument);
    while (!over) {
        const std::uint64_t wait_ns = 1000 + (self.waits * 7919 + self.number * 104'729) % 200'000;
        const std::uint64_t until_ns = *libos::now_ns() + wait_ns;
        const auto woken = sys::notification_wait(self.never, 1, until_ns);
        if (woken || woken.error() != lamina::Status::timed_out || *libos::now_ns() < until_ns)
            self.right = false;
        ++self.waits;
    }
}

bool start_sleepers() {
    const std::uint32_t cpus = guest::info().cpu_count_used;
    sleeper_count = 2 * cpus;
    for (std::uint32_t i = 0; i < sleeper_count; ++i) {
        const auto vcpu = libos::Vcpu::create(fixed::account, i % cpus);
        const auto never = sys::notification_create(fixed::account);
        if (!vcpu || !never) return false;
        sleepers[i] = {*vcpu, *never, i, 0, true};
        (*vcpu)->run(sleep_until_over, &sleepers[i]);
    }
    return true;
}

// 20,000 interrupts, or a million.
void test_timers_on_all_cpus() {
    const std::uint64_t wanted = guest::is_long() ? 1'000'000 : 20'000;
    const auto first = guest::info();
    auto before = first;
    TEST_ASSERT_TRUE(start_sleepers());
    bool ordered = true;
    while (ordered && before.interrupts - first.interrupts < wanted) {
        const auto now = guest::info();
        ordered = now.interrupts >= before.interrupts && now.switches >= before.switches &&
                  now.system_calls >= before.system_calls && now.env_count == first.env_count &&
                  now.frames_total == first.frames_total;
        before = now;
    }
    over = true;
    std::uint64_t waits = 0;
    for (std::uint32_t i = 0; i < sleeper_count; ++i) {
        sleepers[i].vcpu->join();
        TEST_ASSERT_TRUE(sleepers[i].right);
        TEST_ASSERT_TRUE(sleepers[i].waits > 0);
        waits += sleepers[i].waits;
    }
    TEST_ASSERT_TRUE(ordered);
    TEST_ASSERT_TRUE(guest::info().system_calls - first.system_calls >= waits);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!libos::start_upcalls()) return 1;
    RUN_TEST(test_timers_on_all_cpus);
    return libos::unity::end();
}
