// tests/guest/sweep_test.cpp - the timer at every instruction of upcall delivery and resumption: no
// register of the interrupted thread is lost. Needs the exact machine (one tick, one instruction).
//
// The thread spins, crosses a sled and enters the resume range; it then raises an exception, whose
// handler leaves it. Spin and sled are made longer by one instruction at a time, so that the timer,
// at a fixed time after the slice began, comes earlier by one instruction. Two kinds of it:
// - A deadline of another app passes. The slice goes on; a context inside the range starts it
// again.
//   What was executed twice shows in the time.
// - The slice ends while another app is ready: upcalls, or pending, besides.
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "lamina/info.hpp"
#include "lamina/rights.hpp"
#include "libos/clock/clock.hpp"
#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/upcall/upcall.hpp"
#include "tests/guest/contexts.hpp"
#include "tests/guest/support.hpp"

extern "C" const std::byte guest_opcode[], guest_step[], guest_step_rip[];
extern "C" const std::byte guest_turn[], libos_upcall_trap[], libos_upcall_run[],
    libos_upcall_slice_end[], libos_resume[], libos_resume_end[], libos_upcall_stack_top[];

namespace {

using guest::flags_clear;
using guest::flags_set;
using guest::trap_flag;
namespace sys = libos::sys;

constexpr std::uint64_t sled = 256;
// Of the resume range, up to its jump.
constexpr std::size_t range_instructions = 26;

std::uint64_t address(const std::byte* symbol) { return reinterpret_cast<std::uint64_t>(symbol); }

lamina::Result<void> bind(std::uint64_t run, std::uint64_t slice_end) {
    const lamina::VcpuEntries entries = {.run = run,
                                         .trap = address(libos_upcall_trap),
                                         .slice_end = slice_end,
                                         .foreign = 0,
                                         .stack = address(libos_upcall_stack_top),
                                         .resume_start = address(libos_resume),
                                         .resume_end = address(libos_resume_end)};
    return sys::vcpu_bind(lamina::make_handle(lamina::slots::vcpu, 0), &libos::vcpu_area(),
                          &entries);
}

// The loop takes two instructions a turn; a jump leads to the sled.
constexpr std::int64_t after_sled = 3;
constexpr std::uint64_t turns_of(std::uint64_t before) { return (before - 4 - sled / 2) / 2; }

// Enters a context with `before` instructions between the first turn and the resume range; its
// registers are checked. Returns how long it took besides those.
std::uint64_t enter_and_check(std::uint64_t rflags, std::uint64_t before) {
    const bool steps = (rflags & trap_flag) != 0;
    const auto context = guest::pattern_context(before, steps ? guest_step : guest_opcode, rflags);
    const auto vectors = guest::pattern_vectors(before);
    const auto turns = turns_of(before);
    const auto skipped = sled - (before - 4 - 2 * turns);
    guest::expect_exceptions(nullptr);
    guest_load_vectors(vectors);
    const auto took = guest_enter_after(&context, turns, skipped);
    auto expected = context;
    if (steps) expected.rip = address(guest_step_rip);
    const auto& seen = guest::seen()[0];
    const bool right = seen.vector == (steps ? 1U : 6U) && guest::same(expected, seen.context) &&
                       seen.vectors == vectors && guest::stack_is_untouched();
    if (!right) {
        libos::TextBuffer<100> why;
        put(why, "state lost at ", before, ", vector ", seen.vector, ", rip ",
            libos::Hex{seen.context.rip});
        libos::unity::fail(__FILE__, __LINE__, why.view());
    }
    return took - before;
}

// Lets the ticker run, so that its deadline is a fixed time away, and enters in the slice after it.
std::uint64_t enter_in_new_slice(std::uint64_t rflags, std::uint64_t before) {
    std::uint64_t turns = 20'000;  // until the ticker wants to run
    asm volatile("1: dec %0\n jnz 1b" : "+r"(turns) : : "cc");
    (void)sys::vcpu_yield();
    return enter_and_check(rflags, before);
}

// --- a deadline passes

constexpr std::uint64_t too_early = 8'000;  // as many instructions: the deadline is later
constexpr std::uint64_t too_late = 40'000;
constexpr std::uint64_t step = 100;

// The smallest multiple of `step` from `too_early` with which the timer comes before the end.
std::uint64_t find_deadline(std::uint64_t rflags, std::uint64_t undisturbed) {
    for (auto before = too_early; before < too_late; before += step)
        if (enter_in_new_slice(rflags, before) != undisturbed) return before;
    libos::unity::fail(__FILE__, __LINE__, "the timer never came");
    return too_early;
}

// What instructions were repeated, by how many.
using Replays = std::array<bool, 64>;

Replays sweep_deadline(std::uint64_t rflags) {
    if (!bind(address(libos_upcall_run), address(libos_upcall_slice_end))) return {};
    (void)enter_in_new_slice(rflags, too_early);
    const auto undisturbed = enter_in_new_slice(rflags, too_early);
    const auto first = find_deadline(rflags, undisturbed) - step;
    const auto last = first + step + undisturbed + 10;
    std::uint64_t interrupt_costs = ~std::uint64_t{0};
    for (int round = 0;; ++round) {
        Replays replays = {};
        for (auto before = first; before < last && !TEST_FAILED(); ++before) {
            const auto longer = enter_in_new_slice(rflags, before) - undisturbed;
            if (longer == 0) continue;
            interrupt_costs = std::min(interrupt_costs, longer);
            if (const auto replayed = longer - interrupt_costs; replayed < replays.size())
                replays[replayed] = true;
        }
        // The first round is for the costs.
        if (round == 1 || TEST_FAILED()) return replays;
    }
}

// A context outside the range goes on at once; the others show the costs of going back, and one
// instruction more for each that they had executed.
void check_replays(std::uint64_t rflags) {
    const auto replays = sweep_deadline(rflags);
    std::size_t costs = 1;
    while (costs < replays.size() && !replays[costs])
        ++costs;
    for (std::size_t i = 0; i < range_instructions && !TEST_FAILED(); ++i)
        TEST_ASSERT_TRUE(costs + i < replays.size() && replays[costs + i]);
    // With the trap flag a tick may also come on the way to the trap entry, which costs whatever.
    if ((rflags & trap_flag) == 0) TEST_ASSERT_FALSE(replays[costs + range_instructions]);
}

void test_a_tick_at_every_instruction() { check_replays(flags_clear); }

void test_a_tick_at_every_instruction_with_all_flags() { check_replays(flags_set); }

void test_a_tick_at_every_instruction_with_the_trap_flag() { check_replays(flags_set | trap_flag); }

// --- the slice ends

// How many instructions after the first turn of the loop the slice ends.
std::uint64_t find_slice_end(std::uint64_t rflags) {
    constexpr std::uint64_t before = 12'000'000;  // more than a slice
    (void)enter_in_new_slice(rflags, before);
    const auto& interrupted = libos::vcpu_area().enabled;
    const auto turns = turns_of(before) - interrupted.rsi;
    return 2 * turns - (interrupted.rip == address(guest_turn) ? 0 : 1);
}

// The longest run of times each of which is one instruction more than the one before.
std::size_t longest_run(std::span<std::uint64_t> times) {
    std::ranges::sort(times);
    std::size_t longest = 1;
    std::size_t length = 1;
    for (std::size_t i = 1; i < times.size(); ++i) {
        if (times[i] == times[i - 1]) continue;
        length = times[i] == times[i - 1] + 1 ? length + 1 : 1;
        longest = std::max(longest, length);
    }
    return longest;
}

// The places are instructions after the start of the range; kernel time is rounded to nanoseconds,
// so that one place or the next may be hit. That none was missed shows in the times.
void sweep_slice_end(std::uint64_t rflags, std::uint64_t run, std::uint64_t slice_end,
                     std::size_t inside) {
    constexpr std::int64_t first = -10;
    constexpr std::int64_t last = 90;
    TEST_ASSERT_OK(bind(run, slice_end));
    (void)find_slice_end(rflags);
    const auto end = find_slice_end(rflags);
    constexpr std::size_t rounds = 8;
    std::array<std::uint64_t, rounds*(last - first)> times;
    std::size_t count = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        for (std::int64_t place = first; place < last; ++place) {
            times[count++] = enter_in_new_slice(rflags, end - std::uint64_t(place));
            if (TEST_FAILED()) return;
            // Before upcalls are disabled one shows that the timer came where it is meant to.
            if (place >= -after_sled - 2) continue;
            const auto meant = address(guest_sled_end) + std::uint64_t(after_sled + place);
            TEST_ASSERT_TRUE(libos::vcpu_area().enabled.rip - meant + 1 <= 2);
        }
        if (longest_run({times.data(), count}) >= inside) return;
    }
    TEST_FAIL_MESSAGE("an instruction of the range was never hit");
}

void test_a_slice_end_upcall_at_every_instruction() {
    sweep_slice_end(flags_set, address(libos_upcall_run), address(libos_upcall_slice_end),
                    range_instructions);
}

void test_a_preemption_at_every_instruction() {
    sweep_slice_end(flags_set, address(libos_upcall_run), 0, range_instructions);
}

// The range gives such a context to the kernel when it has seen the flag.
void test_a_slice_end_upcall_at_every_instruction_with_the_trap_flag() {
    constexpr std::size_t until_seen = 6;
    sweep_slice_end(flags_set | trap_flag, address(libos_upcall_run),
                    address(libos_upcall_slice_end), until_seen);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!libos::start_upcalls()) return 1;
    guest::hook_exceptions();
    const auto ticker = guest::start("ticker", {});
    if (!ticker) return 2;
    RUN_TEST(test_a_tick_at_every_instruction);
    RUN_TEST(test_a_tick_at_every_instruction_with_all_flags);
    RUN_TEST(test_a_tick_at_every_instruction_with_the_trap_flag);
    RUN_TEST(test_a_slice_end_upcall_at_every_instruction);
    RUN_TEST(test_a_preemption_at_every_instruction);
    RUN_TEST(test_a_slice_end_upcall_at_every_instruction_with_the_trap_flag);
    return libos::unity::end();
}
