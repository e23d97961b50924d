// tests/guest/slices_test.cpp - how long slices are, who gets how much, and what time costs, in
// virtual time.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "libos/clock/clock.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Handle;
using lamina::Rights;
using libos::OwnedHandle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t ms = 1'000'000;
constexpr auto own_vcpu = lamina::make_handle(lamina::slots::vcpu, 0);

std::uint64_t now() { return libos::now_ns().value_or(0); }

lamina::SliceInfo info_of(Handle object) {
    lamina::SliceInfo info = {};
    (void)sys::slice_info(object, &info);
    return info;
}

// Gives its turns away until `used_ns()` has grown by so much.
template <typename Used>
void let_use(std::uint64_t time_ns, Used used_ns) {
    for (const std::uint64_t before = used_ns(); used_ns() - before < time_ns;)
        TEST_ASSERT_OK(sys::vcpu_yield());
}

// An environment that computes for ever, with slices of that length.
struct Loop {
    explicit Loop(std::uint64_t length_ns) {
        static constexpr std::string_view arguments[] = {"loop"};
        auto request = guest::request("victim", arguments);
        request.keep_account = true;
        auto started = libos::spawn(request);
        TEST_ASSERT_OK(started);
        child = std::move(*started);
        TEST_ASSERT_OK(sys::slice_set(env(), length_ns));
    }
    ~Loop() {
        if (env() == Handle::null) return;
        (void)sys::env_end(env(), 0);
        (void)guest::wait_end(std::move(child));
    }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;
    Handle env() const { return child.env.get(); }
    Handle account() const { return child.account.get(); }
    std::uint64_t used() const { return info_of(env()).used_ns; }
    void go_on_for(std::uint64_t time_ns) const {
        let_use(time_ns, [this] { return used(); });
    }

    libos::Child child;
};

// What a turn may be longer than its slice: the upcall that says it is over, and its grace.
constexpr std::uint64_t overrun_ns = 200'000;

// The turns of a loop, seen between those of this one. The first ones may have had another length.
void check_turns(std::uint64_t length_ns) {
    const Loop loop(length_ns);
    constexpr std::uint64_t turns = 5;
    loop.go_on_for(10 * ms + length_ns);
    TEST_ASSERT_EQUAL(length_ns, info_of(loop.env()).length_ns);
    std::uint64_t first = 0;
    std::uint64_t before = loop.used();
    for (std::uint64_t turn = 0; turn <= turns && !TEST_FAILED(); ++turn) {
        std::uint64_t used = before;
        while (used == before)
            used = loop.used();
        if (turn == 0)
            first = used;
        else
            TEST_ASSERT_TRUE(used - before + overrun_ns >= length_ns &&
                             used - before <= length_ns + overrun_ns);
        before = used;
    }
    // What one turn has too much the next has less.
    TEST_ASSERT_TRUE(before - first + overrun_ns >= turns * length_ns);
    TEST_ASSERT_TRUE(before - first <= turns * length_ns + overrun_ns);
}

void test_a_slice_of_1_ms_is_that_long() { check_turns(1 * ms); }
void test_a_slice_of_10_ms_is_that_long() { check_turns(10 * ms); }
void test_a_slice_of_100_ms_is_that_long() { check_turns(100 * ms); }

void test_shares_are_as_the_lengths_of_slices() {
    const Loop small(1 * ms);
    const Loop middle(10 * ms);
    const Loop large(100 * ms);
    large.go_on_for(101 * ms);
    const std::uint64_t before[] = {small.used(), middle.used(), large.used()};
    let_use(444 * ms, [&] { return small.used() + middle.used() + large.used(); });
    const std::uint64_t shares[] = {small.used() - before[0], middle.used() - before[1],
                                    large.used() - before[2]};
    // Of four rounds, and at most one turn more or less each.
    TEST_ASSERT_TRUE(shares[0] + overrun_ns >= 3 * ms && shares[0] <= 5 * ms + overrun_ns);
    TEST_ASSERT_TRUE(shares[1] + overrun_ns >= 30 * ms && shares[1] <= 50 * ms + overrun_ns);
    TEST_ASSERT_TRUE(shares[2] + overrun_ns >= 300 * ms && shares[2] <= 500 * ms + overrun_ns);
}

void test_a_second_slice_doubles_the_share() {
    const auto slice = libos::own(sys::slice_create(fixed::account, 0, 10 * ms));
    TEST_ASSERT_OK(slice);
    TEST_ASSERT_EQUAL(0U, info_of(slice->get()).env_id);
    TEST_ASSERT_OK(sys::slice_bind(slice->get(), own_vcpu));
    TEST_ASSERT_STATUS(busy, sys::slice_bind(slice->get(), own_vcpu));
    const Loop loop(10 * ms);
    const auto mine = [] { return info_of(own_vcpu).used_ns; };
    const std::uint64_t theirs_before = loop.used();
    const std::uint64_t own_before = mine() + info_of(slice->get()).used_ns;
    for (const std::uint64_t end = now() + 300 * ms; now() < end;)
        ;
    const std::uint64_t theirs = loop.used() - theirs_before;
    const std::uint64_t own = mine() + info_of(slice->get()).used_ns - own_before;
    TEST_ASSERT_TRUE(theirs >= 90 * ms && theirs <= 111 * ms);
    TEST_ASSERT_TRUE(own >= 180 * ms && own <= 211 * ms);
    TEST_ASSERT_OK(sys::slice_bind(slice->get(), Handle::null));
    TEST_ASSERT_EQUAL(0U, info_of(slice->get()).env_id);
}

void test_the_slice_one_runs_in_can_be_given_up() {
    for (int i = 0; i < 5; ++i) {
        auto slice = libos::own(sys::slice_create(fixed::account, 0, 100 * ms));
        TEST_ASSERT_OK(slice);
        TEST_ASSERT_OK(sys::slice_bind(slice->get(), own_vcpu));
        (void)sys::vcpu_yield();   // to the next one, which is this or the other
        if (i % 2 != 0) continue;  // it goes while it is used
        TEST_ASSERT_OK(sys::slice_bind(slice->get(), Handle::null));
    }
    TEST_ASSERT_OK(sys::vcpu_yield());
}

void test_a_quota_of_slices_is_kept() {
    const auto account = libos::own(sys::account_create(fixed::account, 40));
    TEST_ASSERT_OK(account);
    const Handle quota = account->get();
    TEST_ASSERT_OK(sys::account_time(quota, 2, lamina::no_bound, Handle::null, 0));
    auto first = libos::own(sys::slice_create(quota, 0, 1 * ms));
    const auto env = libos::own(sys::env_create(quota, "none", 4, Handle::null, 0, 0));
    TEST_ASSERT_OK(first);
    TEST_ASSERT_OK(env);
    TEST_ASSERT_STATUS(quota_exceeded, sys::slice_create(quota, 0, 1 * ms));
    TEST_ASSERT_STATUS(quota_exceeded, sys::vcpu_create(env->get(), quota, 0));
    TEST_ASSERT_STATUS(quota_exceeded, sys::env_create(quota, "more", 4, Handle::null, 0, 0));
    const auto below = libos::own(sys::account_create(quota, 5));
    TEST_ASSERT_OK(below);
    TEST_ASSERT_STATUS(quota_exceeded, sys::slice_create(below->get(), 0, 1 * ms));
    *first = {};
    TEST_ASSERT_OK(libos::own(sys::slice_create(below->get(), 0, 1 * ms)));
}

// An endless loop uses up what it was given, its supervisor is told, and nobody else has less.
void test_time_ends_and_is_told_of() {
    const auto news = libos::own(sys::notification_create(fixed::account));
    TEST_ASSERT_OK(news);
    const Loop loop(10 * ms);
    const Loop other(10 * ms);
    const std::uint64_t before = loop.used();
    constexpr std::uint64_t budget = 35 * ms;
    TEST_ASSERT_OK(sys::account_time(loop.account(), lamina::no_bound, budget, news->get(), 0b100));
    const auto told = sys::notification_wait(news->get(), 0b100, now() + 1000 * ms);
    TEST_ASSERT_OK(told);
    const std::uint64_t used = loop.used();
    TEST_ASSERT_TRUE(used - before + overrun_ns >= budget && used - before <= budget + overrun_ns);
    std::uint64_t start = now();
    other.go_on_for(180 * ms);
    TEST_ASSERT_EQUAL(used, loop.used());
    TEST_ASSERT_TRUE(now() - start <= 200 * ms);
    // It goes on with more.
    TEST_ASSERT_OK(sys::account_time(loop.account(), lamina::no_bound, budget, news->get(), 0b100));
    TEST_ASSERT_OK(sys::notification_wait(news->get(), 0b100, now() + 1000 * ms));
    TEST_ASSERT_TRUE(loop.used() - used + overrun_ns >= budget);
    TEST_ASSERT_OK(
        sys::account_time(loop.account(), lamina::no_bound, lamina::no_bound, Handle::null, 0));
    start = now();
    loop.go_on_for(40 * ms);
    TEST_ASSERT_TRUE(now() - start <= 100 * ms);
}

void test_who_has_no_time_left_can_be_ended() {
    const auto before = guest::ledger();
    {
        const Loop loop(10 * ms);
        const Loop other(10 * ms);
        TEST_ASSERT_OK(sys::account_time(loop.account(), lamina::no_bound, 0, Handle::null, 0));
        const std::uint64_t used = loop.used();
        other.go_on_for(50 * ms);
        TEST_ASSERT_TRUE(loop.used() - used <= 10 * ms + overrun_ns);
    }
    guest::expect_same(before);
}

// A second vCPU of this environment, without an area: it counts.
std::atomic<std::uint64_t> counted;
alignas(16) std::array<std::byte, 1024> counting_stack;

[[noreturn]] void count(std::uint64_t) {
    for (;;)
        counted.fetch_add(1, std::memory_order_relaxed);
}

// Whether the second one counts while this one computes.
bool counts_meanwhile() {
    const std::uint64_t before = counted.load();
    for (const std::uint64_t end = now() + 2 * ms; now() < end;)
        ;
    return counted.load() != before;
}

void test_a_vcpu_moves_to_another_cpu() {
    TEST_ASSERT_STATUS(busy, sys::vcpu_migrate(own_vcpu, 1));
    const auto vcpu = libos::own(sys::vcpu_create(fixed::self, fixed::account, 0));
    TEST_ASSERT_OK(vcpu);
    TEST_ASSERT_EQUAL(0U, info_of(vcpu->get()).cpu);
    const auto slice = libos::own(sys::slice_create(fixed::account, 0, 1 * ms));
    TEST_ASSERT_OK(slice);
    TEST_ASSERT_OK(sys::slice_bind(slice->get(), vcpu->get()));
    TEST_ASSERT_STATUS(busy, sys::vcpu_migrate(vcpu->get(), 1));
    TEST_ASSERT_OK(sys::slice_bind(slice->get(), Handle::null));
    TEST_ASSERT_OK(sys::slice_set(vcpu->get(), 100 * ms));
    TEST_ASSERT_OK(sys::vcpu_start(
        vcpu->get(), reinterpret_cast<std::uint64_t>(&count),
        reinterpret_cast<std::uint64_t>(counting_stack.data()) + counting_stack.size() - 8, 0));
    let_use(1, [] { return counted.load(); });
    // It ran in turn with this one, so it does not run now.
    TEST_ASSERT_OK(sys::vcpu_migrate(vcpu->get(), 1));
    TEST_ASSERT_EQUAL(1U, info_of(vcpu->get()).cpu);
    TEST_ASSERT_STATUS(bad_argument, sys::slice_bind(slice->get(), vcpu->get()));
    bool counts = false;
    for (int i = 0; i < 100 && !counts; ++i)
        counts = counts_meanwhile();
    TEST_ASSERT_TRUE(counts);
    TEST_ASSERT_STATUS(busy, sys::vcpu_migrate(vcpu->get(), 0));  // it runs there
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_a_slice_of_1_ms_is_that_long);
    RUN_TEST(test_a_slice_of_10_ms_is_that_long);
    RUN_TEST(test_a_slice_of_100_ms_is_that_long);
    RUN_TEST(test_shares_are_as_the_lengths_of_slices);
    RUN_TEST(test_a_second_slice_doubles_the_share);
    RUN_TEST(test_the_slice_one_runs_in_can_be_given_up);
    RUN_TEST(test_a_quota_of_slices_is_kept);
    RUN_TEST(test_time_ends_and_is_told_of);
    RUN_TEST(test_who_has_no_time_left_can_be_ended);
    RUN_TEST(test_a_vcpu_moves_to_another_cpu);
    return libos::unity::end();
}
