// tests/smp/storm_test.cpp - timers and ends of slices on all CPUs as fast as they come, while one
// reads the figures.
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "lamina/info.hpp"
#include "lamina/slice.hpp"
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
// On each CPU, with the shortest slices there are: two that compute and are interrupted by their
// timers, and one that sleeps.
constexpr std::uint32_t workers_per_cpu = 3;
constexpr std::size_t worker_word = 1;  // Of VcpuArea::user.

/// A vCPU and what it has seen.
struct Worker {
    libos::Vcpu* vcpu = nullptr;
    lamina::Handle never = lamina::Handle::null;  ///< A notification nobody signals.
    std::uint64_t number = 0;
    std::atomic<std::uint64_t> rounds = 0;
    std::uint64_t ticks = 0;
    std::uint64_t due_ns = 0;  ///< What its timer is set to.
    bool right = true;
};

constinit std::array<Worker, workers_per_cpu * cpus_max> workers = {};
constinit std::uint32_t worker_count = 0;
constinit std::atomic<bool> over = false;

// A time from now, by 1 to 100 microseconds, another one each time.
std::uint64_t soon_ns(const Worker& worker, std::uint64_t count) {
    return *libos::now_ns() + 1000 + (count * 7919 + worker.number * 104'729) % 100'000;
}

// A timer comes at its time and not before, to the vCPU that has set it.
void tick(lamina::VcpuArea& area) {
    Worker& self = *reinterpret_cast<Worker*>(area.user[worker_word]);
    if (&area != &self.vcpu->area() || *libos::now_ns() < self.due_ns) self.right = false;
    ++self.ticks;
    if (over) return;
    self.due_ns = soon_ns(self, self.ticks);
    (void)sys::vcpu_timer(self.due_ns);
}

// A wait ends at its deadline and not before.
void sleep_until_over(Worker& self) {
    while (!over) {
        const std::uint64_t until_ns = soon_ns(self, self.rounds);
        const auto woken = sys::notification_wait(self.never, 1, until_ns);
        if (woken || woken.error() != lamina::Status::timed_out || *libos::now_ns() < until_ns)
            self.right = false;
        ++self.rounds;
    }
}

// Its registers stay its own, wherever a slice ends.
void compute_until_over(Worker& self) {
    constexpr std::uint64_t turns = 1000;
    self.vcpu->area().user[worker_word] = reinterpret_cast<std::uint64_t>(&self);
    (void)sys::vcpu_timer(0);
    while (!over) {
        const std::uint64_t kept = self.number << 32 | self.rounds;
        std::uint64_t after = 0;
        std::uint64_t left = turns;
        asm volatile(
            "movq %[kept], %%xmm7\n"
            "1: decq %[left]\n"
            "jnz 1b\n"
            "movq %%xmm7, %[after]"
            : [left] "+r"(left), [after] "=r"(after)
            : [kept] "r"(kept)
            : "xmm7", "cc", "memory");
        if (after != kept) self.right = false;
        ++self.rounds;
    }
    (void)sys::vcpu_timer(lamina::wait_forever);
    if (self.ticks == 0) self.right = false;
}

bool start_workers() {
    const std::uint32_t cpus = guest::info().cpu_count_used;
    worker_count = workers_per_cpu * cpus;
    for (std::uint32_t i = 0; i < worker_count; ++i) {
        const auto vcpu = libos::Vcpu::create(fixed::account, i % cpus);
        const auto never = sys::notification_create(fixed::account);
        if (!vcpu || !never || !sys::slice_set((*vcpu)->handle(), lamina::slice_ns_min))
            return false;
        Worker& worker = workers[i];
        worker.vcpu = *vcpu;
        worker.never = *never;
        worker.number = i;
    }
    for (std::uint32_t i = 0; i < worker_count; ++i) {
        workers[i].vcpu->run(
            [](void* argument) {
                Worker& self = *static_cast<Worker*>(argument);
                self.number % workers_per_cpu == 0 ? sleep_until_over(self)
                                                   : compute_until_over(self);
            },
            &workers[i]);
    }
    return true;
}

// Whether every worker has done something.
bool all_have_run() {
    for (std::uint32_t i = 0; i < worker_count; ++i)
        if (workers[i].rounds == 0) return false;
    return true;
}

// 10,000 interrupts, or a million.
void test_timers_on_all_cpus() {
    const std::uint64_t wanted = guest::is_long() ? 1'000'000 : 10'000;
    const auto first = guest::info();
    auto before = first;
    TEST_ASSERT_TRUE(start_workers());
    bool ordered = true;
    while (ordered && (before.interrupts - first.interrupts < wanted || !all_have_run())) {
        const auto now = guest::info();
        ordered = now.interrupts >= before.interrupts && now.switches >= before.switches &&
                  now.system_calls >= before.system_calls && now.env_count == first.env_count &&
                  now.frames_total == first.frames_total;
        before = now;
    }
    over = true;
    for (std::uint32_t i = 0; i < worker_count; ++i) {
        workers[i].vcpu->join();
        TEST_ASSERT_TRUE(workers[i].right);
    }
    TEST_ASSERT_TRUE(ordered);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!libos::start_upcalls() || !libos::set_timer_handler(tick)) return 1;
    RUN_TEST(test_timers_on_all_cpus);
    return libos::unity::end();
}
