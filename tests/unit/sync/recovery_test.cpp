// tests/unit/sync/recovery_test.cpp - locks whose owner died: who gets them, and what it is told.
#include "lamina/sync/recovery.hpp"

#include <vector>

#include "doctest/doctest.h"
#include "lamina/sync/adaptive_mutex.hpp"
#include "lamina/sync/sleep_lock.hpp"
#include "tests/unit/sync/test_platform.hpp"

using namespace sync_test;

namespace {

using Mutex = AdaptiveMutex<TestPlatform>;
using Sleeper = SleepLock<TestPlatform>;

/// A thread that has ended, after it did some work.
ThreadId dead_after(const std::function<void()>& work) {
    Waiter thread(0, work);
    thread.join();
    const ThreadId id = thread.actor().thread.load();
    REQUIRE_FALSE(TestPlatform::alive(id));
    return id;
}

}  // namespace

TEST_CASE_TEMPLATE("who comes next takes the lock of a dead owner, with the data suspect", Lock,
                   Mutex, Sleeper) {
    Lock lock;
    const ThreadId dead = dead_after([&] { lock.lock(); });
    CHECK(lock.owner() == dead);
    CHECK_FALSE(lock.try_lock());
    lock.lock();
    CHECK(lock.holds());
    CHECK(lock.suspect());
    lock.unlock();
    lock.lock();
    CHECK(lock.suspect());  // until somebody has looked
    lock.declare_sound();
    lock.unlock();
    lock.lock();
    CHECK_FALSE(lock.suspect());
    lock.unlock();
}

TEST_CASE("a new thread on the slot of a dead owner does not own its lock") {
    Mutex lock;
    const ThreadId dead = dead_after([&] { lock.lock(); });
    Waiter heir(0, [&] {
        CHECK(slot_of(TestPlatform::self()) == slot_of(dead));
        CHECK(TestPlatform::self() != dead);
        CHECK_FALSE(lock.holds());
        lock.lock();
        CHECK(lock.suspect());
        lock.unlock();
    });
    heir.join();
}

TEST_CASE("a set frees what a dead thread held, and nothing else") {
    RecoverySet<TestPlatform> set;
    Recoverable<TestPlatform, Mutex> held_by_dead(set);
    Recoverable<TestPlatform, Sleeper> also(set);
    Recoverable<TestPlatform, Mutex> free(set);
    Recoverable<TestPlatform, Mutex> mine(set);
    mine.lock();
    {
        Recoverable<TestPlatform, Mutex> gone(set);
    }
    const ThreadId dead = dead_after([&] {
        held_by_dead.lock();
        also.lock();
    });
    CHECK(set.thread_ended(dead) == 2);
    CHECK(set.thread_ended(dead) == 0);
    CHECK(held_by_dead.owner() == 0);
    CHECK(also.owner() == 0);
    CHECK(mine.holds());
    CHECK_FALSE(mine.suspect());
    mine.unlock();
    CHECK(also.try_lock());
    CHECK(also.suspect());
    also.unlock();
    CHECK(free.try_lock());
    CHECK_FALSE(free.suspect());
    free.unlock();
}

TEST_CASE_TEMPLATE("those that sleep for a dead owner's lock are woken by its recovery", Lock,
                   Mutex, Sleeper) {
    RecoverySet<TestPlatform> set;
    Recoverable<TestPlatform, Lock> lock(set);
    std::atomic<bool> end{false};
    Waiter owner(0, [&] {
        lock.lock();
        wait_until([&] { return end.load(); });
    });
    wait_until([&] { return lock.owner() != 0; });
    std::atomic<int> suspects{0};
    const auto wait = [&] {
        lock.lock();
        suspects.fetch_add(lock.suspect() ? 1 : 0);
        lock.declare_sound();
        lock.unlock();
    };
    Waiter one(0, wait);
    Waiter two(0, wait);
    wait_until([&] { return one.actor().sleeps.load() + two.actor().sleeps.load() == 2; });
    end.store(true);
    owner.join();
    CHECK(set.thread_ended(owner.actor().thread.load()) == 1);
    one.join();
    two.join();
    CHECK(suspects.load() == 1);
    CHECK(lock.owner() == 0);
}

TEST_CASE("who waits awake for a dead owner takes the lock from it, before those that sleep") {
    AdaptiveMutex<TestPlatform, NoStatistics, BlockingTuning{.polls_max = 0, .overtakings_max = 9}>
        lock;
    std::atomic<bool> end{false};
    Waiter owner(0, [&] {
        lock.lock();
        wait_until([&] { return end.load(); });
    });
    wait_until([&] { return lock.owner() != 0; });
    Waiter sleeper(0, [&] {
        lock.lock();
        CHECK(lock.suspect());
        lock.unlock();
    });
    wait_until([&] { return sleeper.actor().sleeps.load() == 1; });
    end.store(true);
    owner.join();
    lock.lock();
    CHECK(lock.suspect());
    lock.unlock();
    sleeper.join();
    CHECK(lock.owner() == 0);
}
