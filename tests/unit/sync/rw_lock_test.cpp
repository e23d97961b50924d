// tests/unit/sync/rw_lock_test.cpp - the reader-writer lock: who shares, who excludes, in turn.
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/statistics.hpp"

#include <string>

#include "doctest/doctest.h"
#include "tests/unit/sync/test_platform.hpp"

using namespace sync_test;

namespace {

using Lock = RwLock<TestPlatform, CountingStatistics<TestPlatform>>;

}  // namespace

TEST_CASE("readers share, a writer excludes everybody") {
    Lock lock;
    lock.lock_shared();
    CHECK(lock.try_lock_shared());
    CHECK_FALSE(lock.try_lock());
    lock.unlock_shared();
    CHECK_FALSE(lock.try_lock());
    lock.unlock_shared();
    CHECK(lock.try_lock());
    CHECK_FALSE(lock.try_lock());
    CHECK_FALSE(lock.try_lock_shared());
    lock.unlock();
    CHECK(lock.try_lock_shared());
    lock.unlock_shared();
}

TEST_CASE("waits with a deadline end at it and leave nothing behind") {
    Lock lock;
    lock.lock();
    CHECK_FALSE(lock.lock_for(20));
    CHECK_FALSE(lock.lock_shared_for(20));
    lock.unlock();
    CHECK(lock.lock_shared_for(20));
    CHECK_FALSE(lock.lock_for(20));
    // The writer that gave up keeps no reader out.
    CHECK(lock.try_lock_shared());
    CHECK(lock.lock_shared_until(0));
    for (int i = 0; i < 3; ++i)
        lock.unlock_shared();
    CHECK(lock.lock_until(0));
    lock.unlock();
    CHECK(lock.statistics().read().timed_out == 3);
}

TEST_CASE("a waiting writer keeps new readers out, who come after it") {
    Lock lock;
    std::string order;
    lock.lock_shared();
    Waiter writer(0, [&] {
        lock.lock();
        order += 'w';
        lock.unlock();
    });
    writer.wait_until_it_waits();
    CHECK_FALSE(lock.try_lock_shared());
    Waiter reader(0, [&] {
        lock.lock_shared();
        order += 'r';
        lock.unlock_shared();
    });
    reader.wait_until_it_waits();
    CHECK(lock.statistics().read().queue_depth == 2);
    lock.unlock_shared();
    writer.join();
    reader.join();
    CHECK(order == "wr");
}

TEST_CASE("readers that waited together go in together") {
    Lock lock;
    std::atomic<int> inside{0};
    const auto read = [&] {
        lock.lock_shared();
        inside.fetch_add(1);
        wait_until([&] { return inside.load() == 2; });
        lock.unlock_shared();
    };
    lock.lock();
    Waiter one(0, read);
    one.wait_until_it_waits();
    Waiter two(0, read);
    two.wait_until_it_waits();
    lock.unlock();
    one.join();
    two.join();
    CHECK(inside.load() == 2);
}

TEST_CASE("a reader-writer lock counts readers and writers, and times writers") {
    Lock lock;
    lock.lock();
    TestPlatform::advance(12);
    lock.unlock();
    lock.lock_shared();
    CHECK(lock.try_lock_shared());
    TestPlatform::advance(100);
    {
        Waiter writer(1, [&] {
            lock.lock();
            lock.unlock();
        });
        writer.wait_until_it_waits();
        lock.unlock_shared();
        lock.unlock_shared();
    }
    const LockStatistics seen = lock.statistics().read();
    CHECK(seen.fast == 3);
    CHECK(seen.slow == 1);
    CHECK(seen.contended == 1);
    CHECK(seen.queue_depth == 0);
    CHECK(seen.queue_depth_max == 1);
    CHECK(seen.hold_ns == 12);
    CHECK(seen.hold_ns_max == 12);
    CHECK(seen.handoffs_remote == 1);
}
