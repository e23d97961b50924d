// tests/guest/predicate_test.cpp - sleeping until a predicate holds: what ends it, what it costs.
//
// A sibling, a second vCPU of this environment, does what is ordered once the first one sleeps; it
// is on the last CPU. On the exact machine, so that the time things take is known.
#include <atomic>
#include <cstdint>

#include "lamina/predicate.hpp"
#include "lamina/report.hpp"
#include "libos/clock/clock.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/mapping.hpp"
#include "libos/wait/wait.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Handle;
using lamina::no_wait;
using lamina::Rights;
using lamina::wait_forever;
using libos::OwnedHandle;
using libos::wait_until;
using libos::word_of;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr auto own_vcpu = lamina::make_handle(lamina::slots::vcpu, 0);
constexpr auto read_write = lamina::Protection::read | lamina::Protection::write;
constexpr std::uint64_t all = ~std::uint64_t{0};
constexpr std::uint64_t ms = 1'000'000;
constexpr std::uint64_t slice_ns = 10 * ms;

// What the sibling does; bits of the notification that it waits for.
constexpr std::uint64_t store = 1;
constexpr std::uint64_t store_and_poke = 2;
constexpr std::uint64_t revoke = 4;
constexpr std::uint64_t drop = 8;
constexpr std::uint64_t answer = 16;  // watch word 1, then set word 0
constexpr std::uint64_t poke = 32;

Handle run = Handle::null;
std::atomic<std::uint64_t>* words = nullptr;
Handle orders = Handle::null;
Handle subject = Handle::null;  // of revoke and drop
std::uint64_t own_id = 0;
std::uint64_t done_ns = 0;
std::uint64_t sibling_result = 0;
alignas(16) std::byte sibling_stack[16384];

void set_word() {
    done_ns = *libos::now_ns();
    words[0].store(5);
}

void obey(std::uint64_t order) {
    if (order == answer) {
        sibling_result = wait_until(word_of(run, 8) == 1) ? 0 : 1;
        return set_word();
    }
    while (!guest::waits(own_id))
        (void)sys::vcpu_yield();
    if ((order & (store | store_and_poke)) != 0) set_word();
    if (order == revoke) (void)sys::cap_revoke(subject);
    if (order == drop) (void)sys::cap_drop(subject);
    if ((order & (store_and_poke | poke)) != 0) (void)sys::vcpu_poke(own_vcpu);
}

void sibling(std::uint64_t) {
    for (;;) {
        const auto order = sys::notification_wait(orders, all, wait_forever);
        if (order) obey(*order);
    }
}

lamina::Result<void> start_sibling() {
    lamina::InfoPage info;
    LAMINA_CHECK(libos::read_info(info));
    LAMINA_TRY(orders, sys::notification_create(fixed::account));
    LAMINA_TRY(const Handle vcpu,
               sys::vcpu_create(Handle::null, fixed::account, info.cpu_count - 1));
    const auto top = reinterpret_cast<std::uint64_t>(sibling_stack + sizeof sibling_stack);
    return sys::vcpu_start(vcpu, reinterpret_cast<std::uint64_t>(&sibling), top - 8,
                           std::uint64_t{0});
}

lamina::Result<void> set_up() {
    lamina::CapInfo self = {};
    LAMINA_CHECK(sys::cap_inspect(fixed::self, &self));
    own_id = self.id;
    LAMINA_TRY(run, sys::frames_alloc(fixed::account, 1));
    LAMINA_TRY(auto mapped, libos::Mapping::create(run, 0, 1, read_write));
    words = reinterpret_cast<std::atomic<std::uint64_t>*>(mapped.release().data());
    return start_sibling();
}

// Gives an order to the sibling, which waits with it until this vCPU sleeps.
void give(std::uint64_t order) {
    words[0] = words[1] = 0;
    (void)sys::vcpu_yield();  // so that it is not still seen to sleep
    (void)sys::notification_signal(orders, order);
}

OwnedHandle derive(Handle source, Rights rights) {
    auto made = libos::own(sys::cap_derive(source, rights, 0, 0));
    return made ? std::move(*made) : OwnedHandle();
}

void test_what_holds_does_not_wait() {
    words[0] = 7;
    TEST_ASSERT_OK(wait_until(word_of(run, 0) == 7, no_wait));
    TEST_ASSERT_OK(wait_until(word_of(run, 0) > 6 && word_of(run, 8) != 1, wait_forever));
    TEST_ASSERT_STATUS(timed_out, wait_until(word_of(run, 0) == 8, no_wait));
}

void test_the_last_word_of_the_frames_counts() {
    words[511] = 3;
    TEST_ASSERT_OK(wait_until(word_of(run, 4088) == 3, no_wait));
    words[511] = 0;
}

void test_a_deadline_ends_it_and_not_before() {
    words[0] = 0;
    for (const auto wait_ns : {1 * ms, 5 * ms, 23 * ms, 100 * ms}) {
        const auto deadline = *libos::now_ns() + wait_ns;
        TEST_ASSERT_STATUS(timed_out, wait_until(word_of(run, 0) == 1, deadline));
        TEST_ASSERT_TRUE(*libos::now_ns() >= deadline);
        TEST_ASSERT_TRUE(*libos::now_ns() < deadline + ms);
    }
}

void test_a_store_is_seen_within_a_slice() {
    for (int i = 0; i < 5; ++i) {
        give(store);
        TEST_ASSERT_OK(wait_until(word_of(run, 0) == 5, wait_forever));
        TEST_ASSERT_TRUE(*libos::now_ns() - done_ns < slice_ns + ms);
    }
}

void test_a_poke_has_it_seen_at_once() {
    for (int i = 0; i < 5; ++i) {
        give(store_and_poke);
        TEST_ASSERT_OK(wait_until(word_of(run, 0) == 5, wait_forever));
        TEST_ASSERT_TRUE(*libos::now_ns() - done_ns < ms);
    }
}

void test_a_poke_alone_wakes_nobody() {
    give(poke);
    const auto deadline = *libos::now_ns() + 30 * ms;
    TEST_ASSERT_STATUS(timed_out, wait_until(word_of(run, 0) == 5, deadline));
    TEST_ASSERT_TRUE(*libos::now_ns() >= deadline);
    // Nor does it hurt one that runs.
    TEST_ASSERT_OK(sys::vcpu_poke(own_vcpu));
}

void test_who_pokes_needs_the_right() {
    const auto weak = derive(own_vcpu, Rights::manage);
    TEST_ASSERT_STATUS(missing_right, sys::vcpu_poke(weak.get()));
    TEST_ASSERT_STATUS(wrong_type, sys::vcpu_poke(run));
    TEST_ASSERT_STATUS(bad_handle, sys::vcpu_poke(Handle::null));
}

void test_a_revocation_ends_it() {
    const auto base = derive(run, Rights::read | Rights::copy);
    for (const std::uint32_t at : {0U, 1U}) {
        const auto view = derive(base.get(), Rights::read);
        subject = base.get();
        give(revoke);
        // Whichever of two capabilities it is.
        const Handle first = at == 0 ? view.get() : run;
        const Handle second = at == 0 ? run : view.get();
        TEST_ASSERT_STATUS(revoked, wait_until(word_of(first, 0) == 5 && word_of(second, 8) == 5));
        TEST_ASSERT_STATUS(bad_handle, wait_until(word_of(view.get(), 0) == 5));
    }
}

void test_a_drop_does_not_end_it_and_the_frames_stay() {
    const auto charged = guest::frames_charged();
    auto only = sys::frames_alloc(fixed::account, 1);
    TEST_ASSERT_OK(only);
    subject = *only;
    give(drop);
    // A word of frames that nobody else refers to, and one that changes meanwhile.
    const auto condition = word_of(*only, 8) == 0 && word_of(run, 8) == 1;
    TEST_ASSERT_STATUS(timed_out, wait_until(condition, *libos::now_ns() + 30 * ms));
    TEST_ASSERT_STATUS(bad_handle, wait_until(condition, no_wait));
    TEST_ASSERT_EQUAL(charged, guest::frames_charged());
}

void test_two_that_sleep_wake_each_other() {
    for (int i = 0; i < 3; ++i) {
        give(answer);
        TEST_ASSERT_STATUS(timed_out, wait_until(word_of(run, 0) == 5, *libos::now_ns() + 25 * ms));
        words[1] = 1;
        TEST_ASSERT_OK(wait_until(word_of(run, 0) == 5, *libos::now_ns() + 100 * ms));
        TEST_ASSERT_EQUAL(0U, sibling_result);
    }
}

std::uint64_t time_of_all() {
    (void)sys::vcpu_yield();
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < lamina::env_count_max; ++i) {
        lamina::EnvInfo info;
        if (libos::read_env_info(i, info) && info.id != 0) sum += info.run_ns;
    }
    return sum;
}

void test_the_cpu_halts_meanwhile() {
    words[0] = 0;
    const auto before = time_of_all();
    const auto start = *libos::now_ns();
    TEST_ASSERT_STATUS(timed_out, wait_until(word_of(run, 0) == 1, start + 300 * ms));
    const auto used = time_of_all() - before;
    TEST_ASSERT_TRUE(used < 3 * ms);
    // Some thirty looks are paid by who sleeps.
    TEST_ASSERT_TRUE(used > 0);
}

void test_what_is_not_sound_is_refused_by_name() {
    const auto good = word_of(run, 0) == 7;
    words[0] = 7;
    TEST_ASSERT_OK(wait_until(good, no_wait));
    lamina::Predicate bad = good.code();
    bad.step_count = 17;
    TEST_ASSERT_STATUS(bad_argument, sys::predicate_wait(&bad, no_wait));
    bad = good.code();
    bad.word_count = 5;
    TEST_ASSERT_STATUS(bad_argument, sys::predicate_wait(&bad, no_wait));
    bad = good.code();
    bad.step_count = 2;
    TEST_ASSERT_STATUS(bad_argument, sys::predicate_wait(&bad, no_wait));
    bad = good.code();
    bad.steps[0].index = 1;
    TEST_ASSERT_STATUS(bad_argument, sys::predicate_wait(&bad, no_wait));
    bad = good.code();
    bad.steps[2].op = lamina::PredicateOp(lamina::predicate_op_count);
    TEST_ASSERT_STATUS(bad_argument, sys::predicate_wait(&bad, no_wait));
    const auto large = good && !(word_of(run, 8) == 1) && word_of(run, 16) == 1 &&
                       word_of(run, 24) == 1 && word_of(run, 32) == 1;
    TEST_ASSERT_FALSE(large.fits());
    TEST_ASSERT_STATUS(bad_argument, wait_until(large, no_wait));
}

void test_words_are_checked_before_it_sleeps() {
    for (const std::uint32_t offset : {1U, 4U, 4092U, 4096U, 1U << 20, ~7U})
        TEST_ASSERT_STATUS(bad_argument, wait_until(word_of(run, offset) == 7));
    const auto weak = derive(run, Rights::write);
    TEST_ASSERT_STATUS(missing_right, wait_until(word_of(weak.get(), 0) == 7));
    TEST_ASSERT_STATUS(wrong_type, wait_until(word_of(fixed::account, 0) == 7));
    TEST_ASSERT_STATUS(bad_handle, wait_until(word_of(Handle::null, 0) == 7));
    TEST_ASSERT_STATUS(not_mapped, sys::predicate_wait(std::uint64_t{0x5800'0000'0000}, no_wait));
    TEST_ASSERT_STATUS(bad_address, sys::predicate_wait(all, no_wait));
}

// A child that sleeps until word 0 of the frames it was given is set.
lamina::Result<libos::Child> start_watcher() {
    const libos::Grant grants[] = {{9, run, Rights::read}};
    const std::string_view arguments[] = {"watch"};
    auto request = guest::request("victim", arguments);
    request.grants = grants;
    auto child = libos::spawn(request);
    if (!child) return child;
    while (!guest::waits(child->id))
        (void)sys::vcpu_yield();
    return child;
}

void test_words_of_another_environment_wake_it() {
    words[0] = 0;
    auto child = start_watcher();
    TEST_ASSERT_OK(child);
    words[0] = 1;
    TEST_ASSERT_EQUAL(0U, guest::wait_end(std::move(*child)).status);
}

void test_one_that_sleeps_can_be_ended() {
    words[0] = 0;
    const auto before = guest::ledger();
    auto child = start_watcher();
    TEST_ASSERT_OK(child);
    TEST_ASSERT_OK(sys::env_end(child->env.get(), 0));
    (void)guest::wait_end(std::move(*child));
    guest::expect_same(before);
    words[0] = 1;
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!set_up()) return 1;
    RUN_TEST(test_what_holds_does_not_wait);
    RUN_TEST(test_the_last_word_of_the_frames_counts);
    RUN_TEST(test_a_deadline_ends_it_and_not_before);
    RUN_TEST(test_a_store_is_seen_within_a_slice);
    RUN_TEST(test_a_poke_has_it_seen_at_once);
    RUN_TEST(test_a_poke_alone_wakes_nobody);
    RUN_TEST(test_who_pokes_needs_the_right);
    RUN_TEST(test_a_revocation_ends_it);
    RUN_TEST(test_a_drop_does_not_end_it_and_the_frames_stay);
    RUN_TEST(test_two_that_sleep_wake_each_other);
    RUN_TEST(test_the_cpu_halts_meanwhile);
    RUN_TEST(test_what_is_not_sound_is_refused_by_name);
    RUN_TEST(test_words_are_checked_before_it_sleeps);
    RUN_TEST(test_words_of_another_environment_wake_it);
    RUN_TEST(test_one_that_sleeps_can_be_ended);
    return libos::unity::end();
}
