// tests/guest/reclaim_test.cpp - memory asked back: given in time, or taken after the deadline,
// just as much as was asked for.
#include <cstdint>

#include "libos/clock/clock.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "tests/guest/hoarder.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Handle;
using lamina::Rights;
using libos::OwnedHandle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t done_bit = 2;
constexpr std::uint64_t wait_ns = 25'000'000;

std::uint64_t now() { return libos::now_ns().value_or(0); }

struct Quota {
    std::uint64_t limit;
    std::uint64_t used;
};

// An app `hoarder`, from when it has its frames to its end.
class Hoarder {
public:
    static lamina::Result<Hoarder> start(std::string_view kind) {
        Hoarder made;
        LAMINA_TRY(made.news_, libos::own(sys::notification_create(fixed::account)));
        LAMINA_TRY(made.go_, libos::own(sys::notification_create(fixed::account)));
        const std::string_view arguments[] = {kind};
        const libos::Grant grants[] = {{hoard::ready_slot, made.news_.get(), Rights::signal},
                                       {hoard::go_slot, made.go_.get(), Rights::wait},
                                       {lamina::slots::info, fixed::info, Rights::read}};
        auto request = guest::request("hoarder", arguments);
        request.grants = grants;
        request.keep_account = true;
        LAMINA_TRY(made.child_, libos::spawn(request));
        LAMINA_CHECK(sys::notification_wait(made.news_.get(), 1, lamina::wait_forever));
        return made;
    }

    Quota quota() const {
        lamina::CapInfo info = {};
        (void)sys::cap_inspect(account(), &info);
        return {info.count, info.used};
    }
    bool alive() const {
        lamina::EnvReport report;
        const auto taken = sys::env_report(env(), &report);
        return !taken && taken.error() == lamina::Status::not_ended;
    }
    // Asks for what is free of its quota and `frames` more.
    lamina::Result<std::uint64_t> ask(std::uint64_t frames, std::uint64_t deadline_ns) const {
        const Quota before = quota();
        return sys::account_reclaim(account(), env(), before.limit - before.used + frames,
                                    deadline_ns, news_.get(), done_bit);
    }
    auto repossess() const { return sys::account_repossess(account(), env()); }
    // Whether everything is back by then.
    auto wait_done(std::uint64_t deadline_ns) const {
        return sys::notification_wait(news_.get(), done_bit, deadline_ns);
    }
    void tell(std::uint64_t what) const { (void)sys::notification_signal(go_.get(), what); }
    std::uint64_t id() const { return child_.id; }
    Handle env() const { return child_.env.get(); }
    Handle account() const { return child_.account.get(); }
    std::uint32_t end_status() { return guest::wait_end(std::move(child_)).status; }
    void end() {
        (void)sys::env_end(env(), 0);
        (void)end_status();
    }

private:
    OwnedHandle news_;
    OwnedHandle go_;
    libos::Child child_;
};

// Asks for frames it has in use, waits, and takes them. It must lose just these, and not before.
void rob(const Hoarder& hoarder, std::uint64_t frames) {
    const auto own = guest::frames_charged();
    const Quota before = hoarder.quota();
    const std::uint64_t deadline = now() + wait_ns;
    const auto owed = hoarder.ask(frames, deadline);
    TEST_ASSERT_OK(owed);
    TEST_ASSERT_EQUAL(frames, *owed);
    TEST_ASSERT_STATUS(not_due, hoarder.repossess());
    TEST_ASSERT_STATUS(timed_out, hoarder.wait_done(deadline));
    TEST_ASSERT_EQUAL(before.used, hoarder.quota().used);
    TEST_ASSERT_EQUAL(before.used, hoarder.quota().limit);
    const auto left = hoarder.repossess();
    TEST_ASSERT_OK(left);
    TEST_ASSERT_EQUAL(0U, *left);
    TEST_ASSERT_EQUAL(before.used - frames, hoarder.quota().used);
    TEST_ASSERT_EQUAL(before.used - frames, hoarder.quota().limit);
    TEST_ASSERT_EQUAL(own - (before.limit - before.used) - frames, guest::frames_charged());
    TEST_ASSERT_OK(hoarder.wait_done(lamina::no_wait));
    TEST_ASSERT_TRUE(hoarder.alive());
}

void rob_one(std::string_view kind, std::uint64_t frames) {
    (void)guest::ends();
    const auto before = guest::ledger();
    {
        auto neighbour = Hoarder::start("ignore");
        auto hoarder = Hoarder::start(kind);
        TEST_ASSERT_OK(neighbour);
        TEST_ASSERT_OK(hoarder);
        const Quota others = neighbour->quota();
        rob(*hoarder, frames);
        if (!TEST_FAILED()) rob(*hoarder, 8);
        TEST_ASSERT_EQUAL(others.used, neighbour->quota().used);
        TEST_ASSERT_EQUAL(others.limit, neighbour->quota().limit);
        TEST_ASSERT_TRUE(neighbour->alive());
        hoarder->end();
        neighbour->end();
    }
    guest::expect_same(before);
}

void test_one_that_ignores_it_loses_just_what_was_asked_for() { rob_one("ignore", 100); }
void test_one_that_has_only_mappings() { rob_one("keep-mappings", 100); }
void test_one_with_a_single_run() { rob_one("keep-one-run", 101); }
void test_one_that_splits_and_merges() { rob_one("split", 101); }
void test_one_that_derives_for_ever() { rob_one("derive", 101); }

void test_what_was_taken_is_told() {
    auto hoarder = Hoarder::start("sleep");
    TEST_ASSERT_OK(hoarder);
    while (!guest::waits(hoarder->id()))
        TEST_ASSERT_OK(sys::vcpu_yield());
    rob(*hoarder, 11);
    hoarder->tell(11);
    TEST_ASSERT_EQUAL(0U, hoarder->end_status());
}

void test_a_run_cut_short_can_be_used_on() {
    auto hoarder = Hoarder::start("keep-one-run");
    TEST_ASSERT_OK(hoarder);
    rob(*hoarder, 37);
    hoarder->tell(37);
    TEST_ASSERT_EQUAL(0U, hoarder->end_status());
}

void test_one_that_obeys_is_not_robbed() {
    auto hoarder = Hoarder::start("obey");
    TEST_ASSERT_OK(hoarder);
    const Quota before = hoarder->quota();
    for (std::uint64_t asked = 1; asked <= 3; ++asked) {
        const auto owed = hoarder->ask(20, lamina::wait_forever);
        TEST_ASSERT_OK(owed);
        TEST_ASSERT_EQUAL(20U, *owed);
        TEST_ASSERT_OK(hoarder->wait_done(lamina::wait_forever));
        TEST_ASSERT_EQUAL(before.used - 20 * asked, hoarder->quota().used);
        TEST_ASSERT_EQUAL(before.used - 20 * asked, hoarder->quota().limit);
        const auto left = hoarder->repossess();
        TEST_ASSERT_OK(left);
        TEST_ASSERT_EQUAL(0U, *left);
    }
    TEST_ASSERT_EQUAL(before.used - 60, hoarder->quota().used);
    hoarder->end();
}

void test_a_wait_ends_for_the_upcall() {
    for (const std::string_view kind : {"obey-from-sleep", "obey-from-watch"}) {
        auto hoarder = Hoarder::start(kind);
        TEST_ASSERT_OK(hoarder);
        while (!guest::waits(hoarder->id()))
            TEST_ASSERT_OK(sys::vcpu_yield());
        TEST_ASSERT_OK(hoarder->ask(20, lamina::wait_forever));
        TEST_ASSERT_OK(hoarder->wait_done(lamina::wait_forever));
        TEST_ASSERT_EQUAL(0U, hoarder->end_status());
    }
}

void test_free_quota_goes_at_once_and_nobody_is_asked() {
    auto hoarder = Hoarder::start("obey");
    TEST_ASSERT_OK(hoarder);
    const Quota before = hoarder->quota();
    const auto own = guest::frames_charged();
    const auto owed = sys::account_reclaim(hoarder->account(), hoarder->env(),
                                           before.limit - before.used, 0, Handle::null, 0);
    TEST_ASSERT_OK(owed);
    TEST_ASSERT_EQUAL(0U, *owed);
    TEST_ASSERT_EQUAL(before.used, hoarder->quota().limit);
    TEST_ASSERT_EQUAL(before.used, hoarder->quota().used);
    TEST_ASSERT_EQUAL(own - (before.limit - before.used), guest::frames_charged());
    hoarder->end();
}

void test_what_cannot_be_asked() {
    auto hoarder = Hoarder::start("ignore");
    TEST_ASSERT_OK(hoarder);
    const Quota quota = hoarder->quota();
    const auto ask = [&](Handle account, Handle env, std::uint64_t count) {
        return sys::account_reclaim(account, env, count, 0, Handle::null, 0);
    };
    // Not from one's own account, nor by a capability without the right.
    TEST_ASSERT_STATUS(missing_right, ask(fixed::account, fixed::self, 1));
    const auto weak =
        libos::own(sys::cap_derive(hoarder->account(), Rights::spend | Rights::copy, 0, 0));
    TEST_ASSERT_OK(weak);
    TEST_ASSERT_STATUS(missing_right, ask(weak->get(), hoarder->env(), 1));
    TEST_ASSERT_STATUS(bad_argument, ask(hoarder->account(), fixed::self, 1));
    TEST_ASSERT_STATUS(bad_argument, ask(hoarder->account(), hoarder->env(), 0));
    TEST_ASSERT_STATUS(bad_argument, ask(hoarder->account(), hoarder->env(), quota.limit + 1));
    TEST_ASSERT_OK(hoarder->ask(1, 0));
    TEST_ASSERT_STATUS(busy, ask(hoarder->account(), hoarder->env(), 1));
    hoarder->end();
}

// The kernel's own memory for the environment cannot be taken: the answer says how much is missing.
void test_more_than_can_be_taken() {
    const auto before = guest::ledger();
    const auto account = libos::own(sys::account_create(fixed::account, 40));
    TEST_ASSERT_OK(account);
    const auto env = libos::own(sys::env_create(account->get(), "empty", 5, Handle::null, 0, 0));
    TEST_ASSERT_OK(env);
    const auto run = libos::own(sys::frames_alloc(account->get(), 10));
    TEST_ASSERT_OK(run);
    const auto owed = sys::account_reclaim(account->get(), env->get(), 40, 0, Handle::null, 0);
    TEST_ASSERT_OK(owed);
    TEST_ASSERT_EQUAL(14U, *owed);
    const auto left = sys::account_repossess(account->get(), env->get());
    TEST_ASSERT_OK(left);
    TEST_ASSERT_EQUAL(4U, *left);
    lamina::CapInfo info = {};
    TEST_ASSERT_STATUS(bad_handle, sys::cap_inspect(run->get(), &info));
    // Ending the environment is what is left to do.
    TEST_ASSERT_OK(sys::env_end(env->get(), 0));
    lamina::EnvReport report;
    while (!sys::env_report(env->get(), &report))
        TEST_ASSERT_OK(sys::vcpu_yield());
    TEST_ASSERT_OK(sys::cap_inspect(account->get(), &info));
    TEST_ASSERT_EQUAL(1U, info.used);  // its object, with the report
    TEST_ASSERT_TRUE(guest::frames_charged() > before.charged);
}

void test_the_watch_tells_of_low_memory_once() {
    const auto news = libos::own(sys::notification_create(fixed::account));
    TEST_ASSERT_OK(news);
    const auto told = [&] {
        return sys::notification_wait(news->get(), 1, lamina::no_wait).has_value();
    };
    constexpr std::uint64_t run_frames = 256;
    const std::uint64_t free = guest::frames_free();
    const std::uint64_t low = free - run_frames / 2;
    TEST_ASSERT_OK(sys::frames_watch(fixed::machine, low, low + 32, news->get(), 1));
    TEST_ASSERT_TRUE(!told());
    {
        const auto first = libos::own(sys::frames_alloc(fixed::account, run_frames));
        TEST_ASSERT_OK(first);
        TEST_ASSERT_TRUE(told());
        const auto second = libos::own(sys::frames_alloc(fixed::account, run_frames));
        TEST_ASSERT_OK(second);
        TEST_ASSERT_TRUE(!told());
    }
    // Now more than the upper bound is free: it tells again.
    {
        const auto again = libos::own(sys::frames_alloc(fixed::account, run_frames));
        TEST_ASSERT_OK(again);
        TEST_ASSERT_TRUE(told());
    }
    TEST_ASSERT_OK(sys::frames_watch(fixed::machine, low, low, Handle::null, 0));
    const auto run = libos::own(sys::frames_alloc(fixed::account, run_frames));
    TEST_ASSERT_OK(run);
    TEST_ASSERT_TRUE(!told());
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_one_that_ignores_it_loses_just_what_was_asked_for);
    RUN_TEST(test_one_that_has_only_mappings);
    RUN_TEST(test_one_with_a_single_run);
    RUN_TEST(test_one_that_splits_and_merges);
    RUN_TEST(test_one_that_derives_for_ever);
    RUN_TEST(test_what_was_taken_is_told);
    RUN_TEST(test_a_run_cut_short_can_be_used_on);
    RUN_TEST(test_one_that_obeys_is_not_robbed);
    RUN_TEST(test_a_wait_ends_for_the_upcall);
    RUN_TEST(test_free_quota_goes_at_once_and_nobody_is_asked);
    RUN_TEST(test_what_cannot_be_asked);
    RUN_TEST(test_more_than_can_be_taken);
    RUN_TEST(test_the_watch_tells_of_low_memory_once);
    return libos::unity::end();
}
