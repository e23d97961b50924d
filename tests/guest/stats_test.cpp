// tests/guest/stats_test.cpp - what the kernel counts is what was done. On the exact machine, where
// nobody else has anything to do.
#include <cstdint>

#include "lamina/report.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vcpu/vcpu.hpp"

namespace {

namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t times = 1000;

std::uint32_t own_index() {
    lamina::CapInfo self = {};
    (void)sys::cap_inspect(fixed::self, &self);
    lamina::EnvInfo env = {};
    std::uint32_t i = 0;
    while (libos::read_env_info(i, env) && env.id != self.id)
        ++i;
    return i;
}

// This environment's counts, and all of CPU 0's.
struct Counts {
    lamina::EnvCounts env;
    lamina::CpuInfo cpu;
};

Counts counts() {
    static const std::uint32_t index = own_index();
    Counts made = {};
    (void)sys::vcpu_yield();  // with it they are written
    (void)libos::read_env_counts(index, made.env);
    (void)libos::read_cpu_info(0, made.cpu);
    return made;
}

template <typename Action>
Counts difference(Action action) {
    const Counts before = counts();
    for (std::uint64_t i = 0; i < times; ++i)
        action();
    const Counts after = counts();
    return {{after.env.calls - before.env.calls, after.env.faults - before.env.faults,
             after.env.upcalls - before.env.upcalls, after.env.switches - before.env.switches},
            {after.cpu.calls - before.cpu.calls, after.cpu.faults - before.cpu.faults,
             after.cpu.upcalls - before.cpu.upcalls, after.cpu.switches - before.cpu.switches, 0, 0,
             0, 0}};
}

// What an action adds, each time.
struct Each {
    std::uint64_t calls = 0;
    std::uint64_t faults = 0;
    std::uint64_t upcalls = 0;
    std::uint64_t switches = 0;
};

template <typename Action>
void expect(Each each, Action action) {
    const Counts idle = difference([] {});  // what counts() itself does
    const Counts seen = difference(action);
    TEST_ASSERT_EQUAL(times * each.calls, seen.env.calls - idle.env.calls);
    TEST_ASSERT_EQUAL(times * each.faults, seen.env.faults - idle.env.faults);
    TEST_ASSERT_EQUAL(times * each.upcalls, seen.env.upcalls - idle.env.upcalls);
    TEST_ASSERT_EQUAL(times * each.switches, seen.env.switches - idle.env.switches);
    TEST_ASSERT_EQUAL(seen.env.calls, seen.cpu.calls);
    TEST_ASSERT_EQUAL(seen.env.faults, seen.cpu.faults);
    TEST_ASSERT_EQUAL(seen.env.upcalls, seen.cpu.upcalls);
    TEST_ASSERT_EQUAL(seen.env.switches, seen.cpu.switches);
}

void test_system_calls() {
    expect({.calls = 1}, [] { (void)sys::null(); });
    // Also one that there is not.
    expect({.calls = 1}, [] { (void)sys::enter(std::uint64_t{lamina::call_tag} << 32 | 9999); });
}

void test_foreign_calls_are_system_calls() {
    constexpr std::uint64_t getpid = 39;
    expect({.calls = 1}, [] { (void)sys::enter(getpid); });
}

void test_exceptions_are_faults() {
    libos::set_trap_handler(6, [](lamina::VcpuArea& area) {
        area.trap.rip += 2;
        return true;
    });
    expect({.faults = 1}, [] { asm volatile("ud2"); });
}

void test_timers_are_upcalls() {
    TEST_ASSERT_OK(libos::set_timer_handler([](lamina::VcpuArea&) {}));
    expect({.calls = 1, .upcalls = 1}, [] { (void)sys::vcpu_timer(0); });
    TEST_ASSERT_OK(libos::set_timer_handler(nullptr));
}

void test_going_to_another_vcpu_and_back_are_two_switches() {
    const auto other = libos::Vcpu::create(fixed::account, 0);
    TEST_ASSERT_OK(other);
    static const auto first = lamina::make_handle(lamina::slots::vcpu, 0);
    (*other)->run(
        [](void*) {
            for (;;)
                (void)sys::vcpu_yield_to(first);
        },
        nullptr);
    (void)sys::vcpu_yield_to((*other)->handle());  // as far as its loop
    expect({.calls = 2, .switches = 2}, [&] { (void)sys::vcpu_yield_to((*other)->handle()); });
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!libos::start_upcalls()) return 1;
    (void)counts();  // the first maps the pages
    RUN_TEST(test_system_calls);
    RUN_TEST(test_foreign_calls_are_system_calls);
    RUN_TEST(test_exceptions_are_faults);
    RUN_TEST(test_timers_are_upcalls);
    RUN_TEST(test_going_to_another_vcpu_and_back_are_two_switches);
    return libos::unity::end();
}
