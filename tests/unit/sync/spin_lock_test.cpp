// tests/unit/sync/spin_lock_test.cpp - the queued spin lock: order, bounds, giving up.
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/statistics.hpp"

#include <memory>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "tests/unit/sync/test_platform.hpp"

using namespace sync_test;

namespace {

using Counting = CountingStatistics<TestPlatform>;
using Lock = SpinLock<TestPlatform>;
using CountingLock = SpinLock<TestPlatform, Counting>;

/// Nobody overtakes: waiters never run out of patience.
constexpr SpinTuning patient{.polls_before_overtaking = ~0U};

/// Further away than the clock gets by waiting.
constexpr std::uint64_t far = 1'000'000'000;

/// Waiters of one lock, queued one after the other while the test holds it; each notes its letter
/// when it has the lock.
template <typename AnyLock>
class Line {
public:
    explicit Line(AnyLock& lock) : lock_(lock) {}

    Waiter& add(char letter, std::uint32_t node = 0) {
        waiters_.push_back(std::make_unique<Waiter>(node, [this, letter] {
            lock_.lock();
            order_ += letter;
            lock_.unlock();
        }));
        waiters_.back()->wait_until_it_waits();
        return *waiters_.back();
    }
    /// The letters in the order in which they had the lock.
    std::string order() {
        for (auto& waiter : waiters_)
            waiter->join();
        return order_;
    }

private:
    AnyLock& lock_;
    std::string order_;  // guarded by the lock
    std::vector<std::unique_ptr<Waiter>> waiters_;
};

/// Has interrupts, and expects them masked in every wait.
struct Masking : TestPlatform {
    using InterruptState = bool;
    static inline bool masked = false;
    static bool mask_interrupts() { return std::exchange(masked, true); }
    static void restore_interrupts(bool state) { masked = state; }
    static void relax() {
        CHECK(masked);
        TestPlatform::relax();
    }
};

struct Slotless : TestPlatform {
    static std::uint32_t slot() { return no_slot; }
};

}  // namespace

TEST_CASE("a spin lock without statistics is one word") {
    CHECK(sizeof(Lock) == sizeof(std::uint64_t));
}

TEST_CASE("what is held cannot be taken, what is released can") {
    Lock lock;
    CHECK_FALSE(lock.is_locked());
    lock.lock();
    CHECK(lock.is_locked());
    CHECK_FALSE(lock.try_lock());
    lock.unlock();
    CHECK_FALSE(lock.is_locked());
    CHECK(lock.try_lock());
    CHECK_FALSE(lock.try_lock());
    lock.unlock();
}

TEST_CASE("a wait with a deadline ends at the deadline, and not before") {
    Lock lock;
    lock.lock();
    const std::uint64_t deadline = TestPlatform::now() + 50;
    CHECK_FALSE(lock.lock_until(deadline));
    CHECK(TestPlatform::now() == deadline);
    CHECK_FALSE(lock.lock_for(0));
    lock.unlock();
    CHECK(lock.lock_for(1));
    lock.unlock();
    CHECK(lock.lock_until(0));  // nobody needs to wait
    lock.unlock();
}

TEST_CASE("a duration beyond the end of time is no deadline") {
    CHECK(deadline_after<TestPlatform>(no_deadline) == no_deadline);
    CHECK(deadline_after<TestPlatform>(no_deadline - 1) == no_deadline);
    CHECK(deadline_after<TestPlatform>(7) == TestPlatform::now() + 7);
    CHECK_FALSE(passed<TestPlatform>(no_deadline));
    CHECK(passed<TestPlatform>(TestPlatform::now()));
    CHECK_FALSE(passed<TestPlatform>(TestPlatform::now() + 1));
}

TEST_CASE("waiters have the lock in the order in which they came") {
    SpinLock<TestPlatform, NoStatistics, patient> lock;
    Line line(lock);
    lock.lock();
    for (char letter : std::string("abcde"))
        line.add(letter);
    lock.unlock();
    CHECK(line.order() == "abcde");
    CHECK(lock.try_lock());
    lock.unlock();
}

TEST_CASE("a waiter of the own NUMA node goes before those of another") {
    SpinLock<TestPlatform, Counting, patient> lock;
    Line line(lock);
    lock.lock();  // on node 0
    line.add('a', 0);
    line.add('B', 1);
    line.add('c', 0);
    line.add('D', 1);
    line.add('e', 0);
    lock.unlock();
    CHECK(line.order() == "aceBD");
    const LockStatistics seen = lock.statistics().read();
    CHECK(seen.handoffs_local == 4);
    CHECK(seen.handoffs_remote == 1);
}

TEST_CASE("who comes while others are set aside queues behind them or is preferred by its node") {
    SpinLock<TestPlatform, NoStatistics, patient> lock;
    Line line(lock);
    lock.lock();
    Waiter& first = line.add('a', 0);
    line.add('B', 1);
    Waiter& second = line.add('c', 0);
    second.stop();
    lock.unlock();
    wait_until([&] { return first.done(); });  // c is first, B aside
    line.add('D', 1);
    line.add('e', 0);
    second.go_on();
    CHECK(line.order() == "aceBD");
}

TEST_CASE("at most preferred_max waiters are preferred to one of another node") {
    constexpr SpinTuning tuning{.polls_before_overtaking = ~0U, .preferred_max = 2};
    SpinLock<TestPlatform, NoStatistics, tuning> lock;
    Line line(lock);
    lock.lock();
    line.add('a', 0);
    line.add('B', 1);
    for (char letter : std::string("cdef"))
        line.add(letter, 0);
    lock.unlock();
    CHECK(line.order() == "acdBef");
}

TEST_CASE("the search for a waiter of the own node is bounded") {
    constexpr SpinTuning tuning{.polls_before_overtaking = ~0U, .search_max = 2};
    SpinLock<TestPlatform, NoStatistics, tuning> lock;
    Line line(lock);
    lock.lock();
    line.add('a', 0);
    line.add('B', 1);
    line.add('C', 1);
    line.add('d', 0);  // the third from a, out of reach
    line.add('e', 0);
    lock.unlock();
    CHECK(line.order() == "aBCde");
}

TEST_CASE("while the first in the queue does not run others overtake it, up to the bound") {
    constexpr SpinTuning tuning{.polls_before_overtaking = 3, .overtakings_max = 5};
    SpinLock<TestPlatform, Counting, tuning> lock;
    lock.lock();
    std::atomic<bool> first_had_it{false};
    Waiter first(0, [&] {
        lock.lock();
        first_had_it.store(true);
        lock.unlock();
    });
    first.stop();
    lock.unlock();

    CHECK_FALSE(lock.try_lock());  // free, but the first has yet to take it
    for (int i = 0; i < 5; ++i) {
        lock.lock();  // after three polls in the queue
        CHECK_FALSE(first_had_it.load());
        lock.unlock();
    }
    CHECK_FALSE(lock.lock_for(100));
    CHECK_FALSE(lock.is_locked());
    first.go_on();
    lock.lock();
    CHECK(first_had_it.load());
    lock.unlock();
    CHECK(lock.statistics().read().timed_out == 1);
}

TEST_CASE("patience is asked of the first that overtakes, not of those that follow") {
    constexpr SpinTuning tuning{.polls_before_overtaking = 20};
    SpinLock<TestPlatform, NoStatistics, tuning> lock;
    lock.lock();
    Waiter first(0, [&] {
        lock.lock();
        lock.unlock();
    });
    first.wait_until_it_waits();
    first.stop();
    lock.unlock();
    CHECK_FALSE(lock.lock_for(15));
    CHECK(lock.lock_for(30));
    CHECK_FALSE(lock.lock_for(30));
    lock.unlock();
    const std::uint64_t before = TestPlatform::now();
    for (int i = 0; i < 5; ++i) {
        CHECK(lock.lock_for(1));
        lock.unlock();
    }
    CHECK(TestPlatform::now() == before);
}

TEST_CASE("the count of overtakings starts again for the next that is first") {
    constexpr SpinTuning tuning{.polls_before_overtaking = 0, .overtakings_max = 1};
    SpinLock<TestPlatform, NoStatistics, tuning> lock;
    const auto work = [&] {
        lock.lock();
        lock.unlock();
    };
    lock.lock();
    Waiter first(0, work);
    first.wait_until_it_waits();
    first.stop();
    Waiter second(0, work);
    second.wait_until_it_waits();
    second.stop();
    lock.unlock();
    CHECK(lock.lock_for(100));  // the one overtaking
    lock.unlock();
    CHECK_FALSE(lock.lock_for(100));
    first.go_on();
    wait_until([&] { return first.done(); });
    CHECK(lock.lock_for(100));  // of the second
    lock.unlock();
    CHECK_FALSE(lock.lock_for(100));
    second.join();
    CHECK(lock.try_lock());
    lock.unlock();
}

TEST_CASE("the queue steps over a waiter that gave up, wherever it stood") {
    for (int gives_up = 0; gives_up < 3; ++gives_up) {
        CAPTURE(gives_up);
        SpinLock<TestPlatform, NoStatistics, patient> lock;
        std::string order;
        std::atomic<int> late{0};
        std::vector<std::unique_ptr<Waiter>> waiters;
        lock.lock();
        for (int i = 0; i < 3; ++i) {
            waiters.push_back(std::make_unique<Waiter>(0, [&, i] {
                if (i == gives_up) {
                    if (!lock.lock_for(far)) late.fetch_add(1);
                    return;
                }
                lock.lock();
                order += char('a' + i);
                lock.unlock();
            }));
            waiters.back()->wait_until_it_waits();
        }
        TestPlatform::advance(far);
        waiters[std::size_t(gives_up)]->join();
        CHECK(late.load() == 1);
        lock.unlock();
        waiters.clear();
        CHECK(order == std::string("abc").erase(std::size_t(gives_up), 1));
        CHECK(lock.try_lock());  // nobody is left in the queue
        lock.unlock();
    }
}

TEST_CASE("a slot whose places are all left behind waits without one, and gets them back") {
    Lock lock;
    constexpr auto places = SpinQueue<TestPlatform>::nodes_per_slot;
    for (int again = 0; again < 2; ++again) {
        lock.lock();
        Waiter first(0, [&] {
            lock.lock();
            lock.unlock();
        });
        first.wait_until_it_waits();
        for (std::size_t i = 0; i < places; ++i)
            CHECK_FALSE(lock.lock_for(10));
        CHECK(SpinQueue<TestPlatform>::claim() == nullptr);
        CHECK_FALSE(lock.lock_for(10));
        first.stop();
        lock.unlock();
        CHECK(lock.lock_for(10));  // overtakes, from outside of the queue
        lock.unlock();
        first.join();
        auto* place = SpinQueue<TestPlatform>::claim();
        REQUIRE(place != nullptr);
        place->place.store(Place::free);
    }
}

TEST_CASE("a thread for which no slot was left waits on the word alone") {
    SpinLock<Slotless> lock;
    lock.lock();
    CHECK_FALSE(lock.lock_for(10));
    bool taken = false;
    Waiter waiter(0, [&] {
        lock.lock();
        taken = true;
        lock.unlock();
    });
    waiter.wait_until_it_waits(3);
    CHECK_FALSE(taken);
    lock.unlock();
    waiter.join();
    CHECK(taken);
    CHECK(lock.try_lock());
    lock.unlock();
}

TEST_CASE("every counter of a spin lock counts what its name says") {
    CountingLock lock;
    lock.lock();
    TestPlatform::advance(30);
    lock.unlock();
    CHECK(lock.try_lock());
    CHECK_FALSE(lock.try_lock());
    CHECK_FALSE(lock.lock_for(10));
    LockStatistics seen = lock.statistics().read();
    CHECK(seen.fast == 2);
    CHECK(seen.slow == 0);
    CHECK(seen.contended == 1);
    CHECK(seen.timed_out == 1);
    CHECK(seen.hold_ns == 30);
    CHECK(seen.hold_ns_max == 30);
    CHECK(seen.spin_ns == 10);
    CHECK(seen.spin_ns_max == 10);
    CHECK(seen.queue_depth == 0);
    CHECK(seen.queue_depth_max == 1);
    {
        Line line(lock);
        line.add('a');
        line.add('b');
        seen = lock.statistics().read();
        CHECK(seen.queue_depth == 2);
        CHECK(seen.queue_depth_max == 2);
        CHECK(seen.contended == 3);
        lock.unlock();
    }
    seen = lock.statistics().read();
    CHECK(seen.queue_depth == 0);
    CHECK(seen.slow == 2);
    CHECK(seen.fast == 2);
    CHECK(seen.handoffs_local == 2);
    CHECK(seen.hold_ns >= 40);
    CHECK(seen.spin_ns > seen.spin_ns_max);
}

TEST_CASE("interrupts are masked before a lock is waited for, until it is released") {
    SpinLock<Masking> outer;
    SpinLock<Masking> inner;
    const bool before = outer.lock_masked();
    CHECK_FALSE(before);
    const bool nested = inner.lock_masked();
    CHECK(nested);
    CHECK_FALSE(outer.lock_for(5));
    inner.unlock_masked(nested);
    CHECK(Masking::masked);
    outer.unlock_masked(before);
    CHECK_FALSE(Masking::masked);
}
