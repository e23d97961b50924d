// tests/smp/vcpus_test.cpp - several vCPUs of one environment at the same time, on all CPUs.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "lamina/info.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vcpu/vcpu.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/support.hpp"

extern "C" {
std::uint64_t guest_read_word(const void*);
std::uint64_t guest_add_word(void*);
extern const std::byte guest_accessed[], guest_add_word_rip[], guest_tell_area[];
}

namespace {

using lamina::Handle;
using lamina::Protection;
using lamina::Rights;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint32_t vcpus_max = 8;
constexpr auto writable = Protection::read | Protection::write;

// One on each CPU, four at least; the first CPU has the test's own vCPU too.
constinit std::array<libos::Vcpu*, vcpus_max> vcpus = {};
constinit std::uint32_t vcpu_count = 0;
constinit std::uint32_t cpu_count = 0;

void relax() {
    // With one CPU the one that is waited for has to run first.
    if (cpu_count == 1)
        (void)sys::vcpu_yield();
    else
        asm volatile("pause");
}

/// What each of the vCPUs does, with its number; true: it found everything right.
using Task = bool (*)(std::uint32_t number);

struct Job {
    Task task;
    std::uint32_t number;
    bool right;
};
constinit std::array<Job, vcpus_max> jobs = {};

void start_all(Task task) {
    for (std::uint32_t i = 0; i < vcpu_count; ++i) {
        jobs[i] = {task, i, false};
        vcpus[i]->run(
            [](void* argument) {
                Job& job = *static_cast<Job*>(argument);
                job.right = job.task(job.number);
            },
            &jobs[i]);
    }
}

bool join_all() {
    bool right = true;
    for (std::uint32_t i = 0; i < vcpu_count; ++i) {
        vcpus[i]->join();
        right = right && jobs[i].right;
    }
    return right;
}

// --- where the CPUs lie

// The machine under test has one package, with a core for each CPU.
void test_the_topology_tells_cores_and_packages() {
    lamina::InfoPage info = {};
    TEST_ASSERT_OK(libos::read_info(info));
    const lamina::CpuTopology& topology = info.topology;
    for (std::uint32_t i = 0; i < cpu_count; ++i) {
        TEST_ASSERT_EQUAL(0U, topology.package(i));
        for (std::uint32_t other = 0; other < i; ++other)
            TEST_ASSERT_TRUE(topology.core(i) != topology.core(other));
    }
}

// --- they meet

constinit std::atomic<std::uint64_t> arrived = 0;

void meet(std::uint64_t round) {
    ++arrived;
    while (arrived.load(std::memory_order_acquire) < round * vcpu_count)
        relax();
}

void test_all_run_at_the_same_time() {
    arrived = 0;
    start_all([](std::uint32_t) {
        constexpr std::uint64_t rounds = 50;
        for (std::uint64_t round = 1; round <= rounds; ++round) {
            meet(round);
            if (arrived > (round + 1) * vcpu_count) return false;
        }
        return true;
    });
    TEST_ASSERT_TRUE(join_all());
    TEST_ASSERT_EQUAL(50U * vcpu_count, arrived.load());
}

// --- each has its own

// One exception in the vCPU's own area, with a register told and changed.
bool raise(std::uint64_t word) {
    std::uint64_t changed = word;
    asm volatile("ud2" : "+b"(changed));
    return changed == ~word;
}

bool answer_opcode(lamina::VcpuArea& area) {
    if (&area != &libos::vcpu_area() || area.disabled != 1) return false;
    ++area.user[1];
    area.trap.rbx = ~area.trap.rbx;
    area.trap.rip += 2;
    return true;
}

void test_exceptions_come_to_the_area_of_their_own_vcpu() {
    start_all([](std::uint32_t number) {
        constexpr std::uint64_t count = 2000;
        lamina::VcpuArea& area = libos::vcpu_area();
        area.user[1] = 0;
        for (std::uint64_t i = 0; i < count; ++i)
            if (!raise(number << 20 | i)) return false;
        return &area == &vcpus[number]->area() && area.user[1] == count && area.disabled == 0;
    });
    TEST_ASSERT_TRUE(join_all());
}

void test_foreign_calls_come_to_the_area_of_their_own_vcpu() {
    start_all([](std::uint32_t number) {
        constexpr std::uint64_t count = 2000;
        constexpr std::uint64_t any_number = 39;
        lamina::VcpuArea& area = vcpus[number]->area();
        area.user[2] = 0;
        for (std::uint64_t i = 0; i < count; ++i)
            if (std::uint64_t(sys::enter(any_number).status) != std::uint32_t(area.self) ||
                area.foreign_rip == 0)
                return false;
        return area.user[2] == count;
    });
    TEST_ASSERT_TRUE(join_all());
}

// Vector registers and all others, through preemptions by each other and system calls.
void test_extended_state_stays_with_its_vcpu() {
    start_all([](std::uint32_t number) {
        std::uint64_t word = 0x1234'5678'9abc'0000 | number;
        std::uint64_t out = 0;
        for (int i = 0; i < 300; ++i) {
            asm volatile("movq %0, %%xmm9" : : "r"(word) : "xmm9");
            (void)sys::vcpu_yield();
            for (int turn = 0; turn < 1000; ++turn)
                asm volatile("pause");
            asm volatile("movq %%xmm9, %0" : "=r"(out));
            if (out != word) return false;
            ++word;
        }
        return true;
    });
    TEST_ASSERT_TRUE(join_all());
}

// --- stale entries

// The test's own vCPU changes the page at `shared`; the others use it all the time.
struct Shared {
    std::uint64_t address = 0;
    std::atomic<std::uint64_t> floor = 1;  ///< No word read from now on may be less.
    std::atomic<bool> over = false;
    std::atomic<bool> wrong = false;  ///< Somebody has read less, and does not go on.
    std::array<std::atomic<std::uint64_t>, vcpus_max> used = {};
    std::array<std::atomic<std::uint64_t>, vcpus_max> faulted = {};
};
constinit Shared shared;

constexpr std::uint64_t nothing_there = ~std::uint64_t{0};

bool answer_page_fault(lamina::VcpuArea& area) {
    if (area.trap_address != shared.address) return false;
    const auto rip = reinterpret_cast<const std::byte*>(area.trap.rip);
    if (rip != reinterpret_cast<const std::byte*>(&guest_read_word) && rip != guest_add_word_rip)
        return false;
    area.trap.rax = nothing_there;
    area.trap.rip = reinterpret_cast<std::uint64_t>(guest_accessed);
    return true;
}

void begin_use() {
    shared.floor = 1;
    shared.over = false;
    shared.wrong = false;
    for (std::uint32_t i = 0; i < vcpus_max; ++i)
        shared.used[i] = shared.faulted[i] = 0;
}

constexpr std::uint64_t rounds_min = 200;

// Whether every vCPU has found the page there, and not there, often enough, or one has read wrong.
bool finished(std::uint64_t rounds) {
    constexpr std::uint64_t enough = 20;
    if (shared.wrong) return true;
    if (rounds < rounds_min) return false;
    for (std::uint32_t i = 0; i < vcpu_count; ++i)
        if (shared.used[i] < enough || shared.faulted[i] < enough) return false;
    return true;
}

bool count(std::uint32_t number, std::uint64_t word) {
    if (word == nothing_there)
        ++shared.faulted[number];
    else
        ++shared.used[number];
    return word != nothing_there;
}

bool read_until_over(std::uint32_t number) {
    while (!shared.over) {
        const std::uint64_t floor = shared.floor.load(std::memory_order_acquire);
        const std::uint64_t word = guest_read_word(reinterpret_cast<const void*>(shared.address));
        if (count(number, word) && word < floor) shared.wrong = true;
        if (shared.wrong) return false;
    }
    return true;
}

// Two frames with words that rise, one of them at `shared` at a time and for some time none; the
// word of one that has just been taken away is 0.
struct Pages {
    libos::OwnedHandle run;
    libos::Mapping alias;

    static lamina::Result<Pages> create() {
        Pages made;
        LAMINA_TRY(made.run, libos::own(sys::frames_alloc(fixed::account, 2)));
        LAMINA_TRY(made.alias, libos::Mapping::create(made.run.get(), 0, 2, writable));
        LAMINA_TRY(shared.address, libos::reserve_addresses(1));
        return made;
    }

    std::atomic<std::uint64_t>& word(std::uint64_t page) {
        return *reinterpret_cast<std::atomic<std::uint64_t>*>(alias.address() +
                                                              page * lamina::page_size);
    }
};

void linger() {
    const int turns = cpu_count == 1 ? 1 : 300;
    for (int turn = 0; turn < turns; ++turn)
        relax();
}

// One round: another frame at the address.
bool replace_page(Pages& pages, std::uint64_t round) {
    const std::uint64_t page = round % 2;
    if (!sys::frames_unmap(fixed::self, shared.address, 1)) return false;
    pages.word(1 - page) = 0;
    pages.word(page) = round;
    shared.floor.store(round, std::memory_order_release);
    if (round % 4 == 0) linger();
    if (!sys::frames_map(fixed::self, pages.run.get(), page, 1, shared.address, Protection::read))
        return false;
    if (round % 4 == 2) linger();
    return true;
}

void test_no_old_frame_is_read_once_it_is_unmapped() {
    auto pages = Pages::create();
    TEST_ASSERT_OK(pages);
    begin_use();
    pages->word(0) = 1;
    TEST_ASSERT_OK(
        sys::frames_map(fixed::self, pages->run.get(), 0, 1, shared.address, Protection::read));
    start_all(read_until_over);
    bool changed = true;
    for (std::uint64_t round = 1; changed && !finished(round); ++round)
        changed = replace_page(*pages, round);
    shared.over = true;
    TEST_ASSERT_TRUE(join_all());
    TEST_ASSERT_TRUE(changed);
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, shared.address, 1));
}

bool add_until_over(std::uint32_t number) {
    while (!shared.over)
        (void)count(number, guest_add_word(reinterpret_cast<void*>(shared.address)));
    return true;
}

void test_nobody_writes_once_a_page_is_protected() {
    auto pages = Pages::create();
    TEST_ASSERT_OK(pages);
    begin_use();
    TEST_ASSERT_OK(sys::frames_map(fixed::self, pages->run.get(), 0, 1, shared.address, writable));
    start_all(add_until_over);
    bool right = true;
    for (std::uint64_t round = 1; right && !finished(round); ++round) {
        right = sys::frames_protect(fixed::self, shared.address, 1, Protection::read).has_value();
        const std::uint64_t word = pages->word(0);
        linger();
        right = right && pages->word(0) == word &&
                sys::frames_protect(fixed::self, shared.address, 1, writable).has_value();
        linger();
    }
    shared.over = true;
    TEST_ASSERT_TRUE(join_all());
    TEST_ASSERT_TRUE(right);
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, shared.address, 1));
}

// --- making them

void test_what_vcpu_create_and_start_refuse() {
    TEST_ASSERT_STATUS(bad_argument, sys::vcpu_create(Handle::null, fixed::account, cpu_count));
    TEST_ASSERT_STATUS(wrong_type, sys::vcpu_create(Handle::null, fixed::self, 0));
    TEST_ASSERT_STATUS(wrong_type, sys::vcpu_create(fixed::account, fixed::account, 0));
    const auto no_spending = libos::own(sys::cap_derive(fixed::account, Rights::copy, 0, 0));
    TEST_ASSERT_OK(no_spending);
    TEST_ASSERT_STATUS(missing_right, sys::vcpu_create(Handle::null, no_spending->get(), 0));
    const auto poor = libos::own(sys::account_create(fixed::account, 1));
    TEST_ASSERT_OK(poor);
    const auto only = libos::own(sys::frames_alloc(poor->get(), 1));
    TEST_ASSERT_OK(only);
    TEST_ASSERT_STATUS(quota_exceeded, sys::vcpu_create(Handle::null, poor->get(), 0));
    const Handle first = vcpus[0]->handle();
    constexpr std::uint64_t kernel_half = 0xffff'8000'0000'0000;
    TEST_ASSERT_STATUS(bad_address, sys::vcpu_start(first, kernel_half, 0x1000, 0));
    TEST_ASSERT_STATUS(bad_address, sys::vcpu_start(first, 0x1000, kernel_half, 0));
    TEST_ASSERT_STATUS(already_started, sys::vcpu_start(first, 0x1000, 0x1000, 0));
}

// An environment that has not started and has vCPUs that never do leaves nothing; with one of them
// started it runs and ends.
void end_with_others(bool start) {
    auto env = libos::own(sys::env_create(fixed::account, "two", 3, guest::ends(), 1, 0));
    TEST_ASSERT_OK(env);
    constexpr std::uint32_t count = 3;
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto made = libos::own(sys::vcpu_create(env->get(), fixed::account, i % cpu_count));
        TEST_ASSERT_OK(made);
        // Nothing is mapped there: its first instruction ends the environment.
        if (start && i == count - 1)
            TEST_ASSERT_OK(sys::vcpu_start(made->get(), 0x1000, 0x1000, 0));
    }
    if (!start) {
        TEST_ASSERT_OK(sys::env_end(env->get(), 1));
        TEST_ASSERT_STATUS(ended, sys::vcpu_create(env->get(), fixed::account, 0));
    }
    const auto report = guest::wait_end(libos::Child{std::move(*env), 0});
    TEST_ASSERT_EQUAL(start ? lamina::EndCause::faulted : lamina::EndCause::killed, report.cause);
}

void test_environments_end_with_vcpus_that_never_ran() {
    end_with_others(true);
    const auto before = guest::ledger();
    for (int i = 0; i < 20 && !TEST_FAILED(); ++i)
        end_with_others(i % 2 == 0);
    if (!TEST_FAILED()) guest::expect_same(before);
}

bool create_all() {
    lamina::InfoPage info = {};
    if (!libos::read_info(info)) return false;
    cpu_count = info.cpu_count_used;
    vcpu_count = std::clamp(cpu_count, 4U, vcpus_max);
    for (std::uint32_t i = 0; i < vcpu_count; ++i) {
        const auto made = libos::Vcpu::create(fixed::account, i % cpu_count);
        if (!made) return false;
        vcpus[i] = *made;
    }
    return true;
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!libos::start_upcalls(reinterpret_cast<std::uint64_t>(guest_tell_area))) return 1;
    libos::set_trap_handler(6, answer_opcode);
    libos::set_trap_handler(14, answer_page_fault);
    if (!create_all()) return 2;
    RUN_TEST(test_the_topology_tells_cores_and_packages);
    RUN_TEST(test_all_run_at_the_same_time);
    RUN_TEST(test_exceptions_come_to_the_area_of_their_own_vcpu);
    RUN_TEST(test_foreign_calls_come_to_the_area_of_their_own_vcpu);
    RUN_TEST(test_extended_state_stays_with_its_vcpu);
    RUN_TEST(test_no_old_frame_is_read_once_it_is_unmapped);
    RUN_TEST(test_nobody_writes_once_a_page_is_protected);
    RUN_TEST(test_what_vcpu_create_and_start_refuse);
    RUN_TEST(test_environments_end_with_vcpus_that_never_ran);
    return libos::unity::end();
}
