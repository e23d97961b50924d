// tests/unit/sync/mutex_test.cpp - the locks whose waiters sleep: adaptive mutex and sleep lock.
#include <memory>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "lamina/sync/adaptive_mutex.hpp"
#include "lamina/sync/sleep_lock.hpp"
#include "lamina/sync/statistics.hpp"
#include "tests/unit/sync/test_platform.hpp"

using namespace sync_test;

namespace {

using Counting = CountingStatistics<TestPlatform>;
using Mutex = AdaptiveMutex<TestPlatform, Counting>;
using Sleeper = SleepLock<TestPlatform, Counting>;
/// Does not poll, so that a test knows when a waiter sleeps.
constexpr BlockingTuning sleepy{.polls_max = 0, .overtakings_max = 3};
using SleepyMutex = AdaptiveMutex<TestPlatform, Counting, sleepy>;

/// Further away than the clock gets by waiting.
constexpr std::uint64_t far = 1'000'000'000;

void sleeps(Waiter& waiter, std::uint64_t times = 1) {
    wait_until([&] {
        const ThreadId thread = waiter.actor().thread.load();
        return waiter.actor().sleeps.load() >= times && !TestPlatform::runs(thread);
    });
}

}  // namespace

TEST_CASE_TEMPLATE("a lock that blocks is held by one thread, which it knows", Lock, Mutex,
                   Sleeper) {
    Lock lock;
    CHECK(lock.owner() == 0);
    lock.lock();
    CHECK(lock.owner() == TestPlatform::self());
    CHECK(lock.holds());
    Waiter other(0, [&] {
        CHECK_FALSE(lock.holds());
        CHECK_FALSE(lock.try_lock());
        CHECK_FALSE(lock.lock_for(10));
    });
    other.join();
    CHECK_FALSE(lock.try_lock());
    lock.unlock();
    CHECK_FALSE(lock.holds());
    CHECK(lock.try_lock());
    lock.unlock();
    CHECK(lock.lock_until(0));
    lock.unlock();
    CHECK(lock.statistics().read().timed_out == 1);
}

TEST_CASE("a waiter of an adaptive mutex spins as long as the owner runs") {
    AdaptiveMutex<TestPlatform, Counting, BlockingTuning{.polls_max = ~0U, .overtakings_max = 64}>
        mutex;
    mutex.lock();
    Waiter waiter(0, [&] {
        mutex.lock();
        mutex.unlock();
    });
    waiter.wait_until_it_waits(100);
    CHECK(waiter.actor().sleeps.load() == 0);
    mutex.unlock();
    waiter.join();
    CHECK(mutex.statistics().read().blocked == 0);
    CHECK(mutex.statistics().read().slow == 1);
}

TEST_CASE("a waiter sleeps when the owner does not run, or after polls_max looks") {
    AdaptiveMutex<TestPlatform, Counting, BlockingTuning{.polls_max = 50, .overtakings_max = 64}>
        mutex;
    SleepyMutex other;
    other.lock();
    Waiter owner(0, [&] {
        mutex.lock();
        other.lock();
        other.unlock();
        mutex.unlock();
    });
    sleeps(owner);
    Waiter waiter(0, [&] {
        mutex.lock();
        mutex.unlock();
    });
    sleeps(waiter);
    CHECK(waiter.actor().rounds.load() == 0);  // the owner sleeps
    other.unlock();
    owner.join();
    waiter.join();

    mutex.lock();
    Waiter second(0, [&] {
        mutex.lock();
        mutex.unlock();
    });
    sleeps(second);
    CHECK(second.actor().rounds.load() == 50);  // the owner runs
    mutex.unlock();
    second.join();
    CHECK(mutex.statistics().read().blocked == 2);
}

TEST_CASE("a sleep lock is handed on in the order of coming, without spinning") {
    Sleeper lock;
    std::string order;
    std::vector<std::unique_ptr<Waiter>> waiters;
    lock.lock();
    for (char letter : std::string("abcd")) {
        waiters.push_back(std::make_unique<Waiter>(0, [&, letter] {
            lock.lock();
            order += letter;
            lock.unlock();
        }));
        sleeps(*waiters.back());
        CHECK(waiters.back()->actor().rounds.load() == 0);
    }
    CHECK(lock.statistics().read().queue_depth == 4);
    waiters[0]->stop_when_woken();
    lock.unlock();
    CHECK(lock.owner() == waiters[0]->actor().thread.load());
    waiters[0]->go_on();
    waiters.clear();
    CHECK(order == "abcd");
    CHECK(lock.owner() == 0);
    CHECK(lock.statistics().read().blocked == 4);
}

TEST_CASE("a sleeper is overtaken at most overtakings_max times, then is handed the mutex") {
    SleepyMutex mutex;
    mutex.lock();
    Waiter waiter(0, [&] {
        mutex.lock();
        mutex.unlock();
    });
    sleeps(waiter);
    waiter.stop_when_woken();
    for (std::uint32_t i = 0; i < sleepy.overtakings_max; ++i) {
        mutex.unlock();
        CHECK(mutex.owner() == 0);
        mutex.lock();
    }
    mutex.unlock();
    CHECK(mutex.owner() == waiter.actor().thread.load());
    CHECK_FALSE(mutex.try_lock());
    waiter.go_on();
    mutex.lock();  // after it
    mutex.unlock();
}

TEST_CASE("the more urgent sleeper goes first, equals in the order of coming") {
    SleepyMutex mutex;
    std::string order;
    std::vector<std::unique_ptr<Waiter>> waiters;
    mutex.lock();
    for (const auto& [letter, priority] :
         std::vector<std::pair<char, std::uint32_t>>{{'a', 1}, {'b', 5}, {'c', 5}, {'d', 3}}) {
        waiters.push_back(std::make_unique<Waiter>(0, [&, letter, priority] {
            TestPlatform::set_priority(priority);
            mutex.lock();
            order += letter;
            mutex.unlock();
        }));
        sleeps(*waiters.back());
    }
    mutex.unlock();
    waiters.clear();
    CHECK(order == "bcda");
}

TEST_CASE("a sleeper that gives up leaves the queue, wherever it stands") {
    for (int gives_up = 0; gives_up < 3; ++gives_up) {
        CAPTURE(gives_up);
        SleepyMutex mutex;
        std::string order;
        std::vector<std::unique_ptr<Waiter>> waiters;
        mutex.lock();
        for (int i = 0; i < 3; ++i) {
            waiters.push_back(std::make_unique<Waiter>(0, [&, i] {
                if (i == gives_up) {
                    if (mutex.lock_for(far)) order += '!';
                    return;
                }
                mutex.lock();
                order += char('a' + i);
                mutex.unlock();
            }));
            waiters.back()->wait_until_it_waits();
        }
        TestPlatform::advance(far);
        waiters[std::size_t(gives_up)]->join();
        mutex.unlock();
        waiters.clear();
        CHECK(order == std::string("abc").erase(std::size_t(gives_up), 1));
        CHECK(mutex.owner() == 0);
        CHECK(mutex.try_lock());
        mutex.unlock();
        CHECK(mutex.statistics().read().timed_out == 1);
    }
}

TEST_CASE("the only sleeper that gives up leaves a mutex nobody sleeps for") {
    SleepyMutex mutex;
    mutex.lock();
    Waiter late(0, [&] { CHECK_FALSE(mutex.lock_for(far)); });
    late.wait_until_it_waits();
    TestPlatform::advance(far);
    late.join();
    CHECK(mutex.holds());
    mutex.unlock();
    CHECK(mutex.owner() == 0);
    CHECK(mutex.try_lock());
    mutex.unlock();
}

TEST_CASE("who was woken for a free mutex takes it, though its deadline has passed") {
    SleepyMutex mutex;
    std::atomic<bool> taken{false};
    mutex.lock();
    Waiter late(0, [&] {
        taken.store(mutex.lock_for(far));
        mutex.unlock();
    });
    late.wait_until_it_waits();
    late.stop();
    mutex.unlock();
    TestPlatform::advance(far);
    late.join();
    CHECK(taken.load());
}

TEST_CASE("a mutex that is free while a sleeper wakes can be tried for") {
    SleepyMutex mutex;
    mutex.lock();
    Waiter waiter(0, [&] {
        mutex.lock();
        mutex.unlock();
    });
    sleeps(waiter);
    waiter.stop_when_woken();
    mutex.unlock();
    CHECK(mutex.try_lock());
    CHECK(mutex.holds());
    CHECK_FALSE(mutex.try_lock());
    mutex.unlock();
    waiter.go_on();
}

TEST_CASE("a waiter's priority goes to the owner, until the owner lets go") {
    SleepyMutex mutex;
    const ThreadId me = TestPlatform::self();
    mutex.lock();
    CHECK(TestPlatform::inherited(me) == 0);
    Waiter low(0, [&] {
        TestPlatform::set_priority(4);
        mutex.lock();
        mutex.unlock();
    });
    sleeps(low);
    CHECK(TestPlatform::inherited(me) == 4);
    Waiter high(0, [&] {
        TestPlatform::set_priority(9);
        CHECK_FALSE(mutex.lock_for(far));
    });
    high.wait_until_it_waits();
    wait_until([&] { return TestPlatform::inherited(me) == 9; });
    CHECK(mutex.statistics().read().inherited == 2);
    TestPlatform::advance(far);
    high.join();
    CHECK(TestPlatform::inherited(me) == 4);  // who gave up takes the loan back
    mutex.unlock();
    CHECK(TestPlatform::inherited(me) == 0);
}

TEST_CASE("of several locks it owes, a thread is lent the highest priority that remains") {
    SleepyMutex one;
    SleepyMutex two;
    const ThreadId me = TestPlatform::self();
    one.lock();
    two.lock();
    Waiter for_one(0, [&] {
        TestPlatform::set_priority(7);
        one.lock();
        one.unlock();
    });
    sleeps(for_one);
    Waiter for_two(0, [&] {
        TestPlatform::set_priority(5);
        two.lock();
        two.unlock();
    });
    sleeps(for_two);
    CHECK(TestPlatform::inherited(me) == 7);
    one.unlock();
    CHECK(TestPlatform::inherited(me) == 5);
    two.unlock();
    CHECK(TestPlatform::inherited(me) == 0);
}

TEST_CASE("priority goes along a chain of three owners, and back") {
    // high -> locks[2] of third -> locks[1] of second -> locks[0] of this thread
    SleepyMutex locks[3];
    const ThreadId me = TestPlatform::self();
    locks[0].lock();
    std::vector<std::unique_ptr<Waiter>> owners;
    for (int i = 1; i < 3; ++i) {
        owners.push_back(std::make_unique<Waiter>(0, [&, i] {
            locks[i].lock();
            locks[i - 1].lock();
            locks[i - 1].unlock();
            locks[i].unlock();
        }));
        sleeps(*owners.back());
    }
    const ThreadId second = owners[0]->actor().thread.load();
    const ThreadId third = owners[1]->actor().thread.load();
    CHECK(TestPlatform::inherited(me) == 0);
    Waiter high(0, [&] {
        TestPlatform::set_priority(8);
        CHECK_FALSE(locks[2].lock_for(far));
    });
    high.wait_until_it_waits();
    wait_until([&] { return TestPlatform::inherited(me) == 8; });
    CHECK(TestPlatform::inherited(second) == 8);
    CHECK(TestPlatform::inherited(third) == 8);
    TestPlatform::advance(far);
    high.join();
    for (const ThreadId thread : {me, second, third})
        CHECK(TestPlatform::inherited(thread) == 0);
    locks[0].unlock();
    owners.clear();
    for (const auto& lock : locks)
        CHECK(lock.owner() == 0);
}

TEST_CASE("an owner that becomes urgent while it sleeps moves up in the queue it is in") {
    SleepyMutex front;
    SleepyMutex behind;
    std::string order;
    front.lock();
    Waiter first(0, [&] {
        TestPlatform::set_priority(2);
        front.lock();
        order += 'f';
        front.unlock();
    });
    sleeps(first);
    Waiter owner(0, [&] {
        behind.lock();
        front.lock();
        order += 'o';
        front.unlock();
        behind.unlock();
    });
    sleeps(owner);
    Waiter high(0, [&] {
        TestPlatform::set_priority(6);
        behind.lock();
        behind.unlock();
    });
    sleeps(high);
    front.unlock();
    high.join();
    owner.join();
    first.join();
    CHECK(order == "of");
}

TEST_CASE("every counter of a mutex counts what its name says") {
    SleepyMutex mutex;
    mutex.lock();
    TestPlatform::advance(25);
    {
        Waiter waiter(3, [&] {
            mutex.lock();
            mutex.unlock();
        });
        sleeps(waiter);
        const LockStatistics seen = mutex.statistics().read();
        CHECK(seen.queue_depth == 1);
        CHECK(seen.blocked == 1);
        TestPlatform::advance(5);
        mutex.unlock();
    }
    const LockStatistics seen = mutex.statistics().read();
    CHECK(seen.fast == 1);
    CHECK(seen.slow == 1);
    CHECK(seen.contended == 1);
    CHECK(seen.timed_out == 0);
    CHECK(seen.handoffs_local == 0);
    CHECK(seen.handoffs_remote == 1);
    CHECK(seen.hold_ns == 30);
    CHECK(seen.hold_ns_max == 30);
    CHECK(seen.spin_ns == 5);
    CHECK(seen.queue_depth == 0);
    CHECK(seen.queue_depth_max == 1);
    CHECK(seen.inherited == 0);
}
