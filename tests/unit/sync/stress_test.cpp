// tests/unit/sync/stress_test.cpp - threads at once on each type: nothing is lost or torn.
#include <array>
#include <latch>
#include <thread>
#include <vector>

#include "doctest/doctest.h"
#include "lamina/sync/adaptive_mutex.hpp"
#include "lamina/sync/host_platform.hpp"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/sequence.hpp"
#include "lamina/sync/sleep_lock.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/statistics.hpp"
#include "lamina/sync/token.hpp"

using namespace lamina::sync;

namespace {

constexpr int threads = 4;
constexpr std::uint64_t rounds = 60'000;

template <typename Work>
void on_threads(Work work) {
    std::vector<std::thread> running;
    std::latch start(threads);
    for (int i = 0; i < threads; ++i)
        running.emplace_back([&work, &start, i] {
            start.arrive_and_wait();
            work(i);
        });
    for (auto& thread : running)
        thread.join();
}

/// Two NUMA nodes, by thread, so that waiters are set aside.
struct TwoNodes : HostPlatform {
    static std::uint32_t node() { return slot() % 2; }
};

template <typename Lock>
void count_under(Lock& lock) {
    std::uint64_t counter = 0;  // not atomic: the lock must guard it
    std::atomic<std::uint64_t> taken{0};
    on_threads([&](int me) {
        for (std::uint64_t i = 0; i < rounds; ++i) {
            // Some wait, some give up early, some do not wait.
            const bool have = (i + std::uint64_t(me)) % 4 == 0   ? lock.try_lock()
                              : (i + std::uint64_t(me)) % 4 == 1 ? lock.lock_for(200)
                                                                 : (lock.lock(), true);
            if (!have) continue;
            ++counter;
            lock.unlock();
            taken.fetch_add(1, std::memory_order_relaxed);
        }
    });
    CHECK(counter == taken.load());
    CHECK(counter >= threads * rounds / 2);  // those that wait without a deadline
    CHECK(lock.try_lock());
    lock.unlock();
}

}  // namespace

TEST_CASE("threads that wait, give up and try count right under a spin lock") {
    SpinLock<HostPlatform> lock;
    count_under(lock);
}

TEST_CASE("also with NUMA nodes, hardly any patience and few overtakings") {
    constexpr SpinTuning tuning{
        .polls_before_overtaking = 2, .overtakings_max = 3, .preferred_max = 2, .search_max = 2};
    SpinLock<TwoNodes, CountingStatistics<TwoNodes>, tuning> lock;
    count_under(lock);
    const LockStatistics seen = lock.statistics().read();
    CHECK(seen.queue_depth == 0);
    CHECK(seen.contended == seen.slow + seen.timed_out);
    CHECK(seen.slow == seen.handoffs_local + seen.handoffs_remote);
}

TEST_CASE("and under the locks that block") {
    SUBCASE("adaptive mutex") {
        AdaptiveMutex<HostPlatform> lock;
        count_under(lock);
        CHECK(lock.owner() == 0);
    }
    SUBCASE("adaptive mutex that sleeps soon, is overtaken seldom, and counts") {
        AdaptiveMutex<HostPlatform, CountingStatistics<HostPlatform>,
                      BlockingTuning{.polls_max = 3, .overtakings_max = 2}>
            lock;
        count_under(lock);
        const LockStatistics seen = lock.statistics().read();
        CHECK(seen.queue_depth == 0);
        CHECK(seen.contended == seen.slow + seen.timed_out);
    }
    SUBCASE("token") {
        ThreadToken<HostPlatform> lock;
        count_under(lock);
    }
}

TEST_CASE("under a sleep lock, with fewer rounds, as each is a switch of threads") {
    SleepLock<HostPlatform> lock;
    std::uint64_t counter = 0;
    on_threads([&](int) {
        for (int i = 0; i < 2'000; ++i) {
            lock.lock();
            ++counter;
            lock.unlock();
        }
    });
    CHECK(counter == threads * 2'000);
}

TEST_CASE("chains of owners and tokens given up in them leave no loan, no holder and no sleeper") {
    using Mutex = AdaptiveMutex<HostPlatform, NoStatistics,
                                BlockingTuning{.polls_max = 2, .overtakings_max = 3}>;
    std::array<Mutex, 3> locks;
    std::array<ThreadToken<HostPlatform>, 2> tokens;
    std::array<std::uint64_t, 3> under_lock{};
    std::array<std::uint64_t, 2> under_token{};
    std::atomic<std::uint64_t> loans_left{0};
    on_threads([&](int me) {
        HostPlatform::set_priority(std::uint32_t(me) + 1);
        for (std::size_t i = 0; i < 3'000; ++i) {
            auto& token = tokens[(i + std::size_t(me)) % tokens.size()];
            token.lock();
            // In their order, one left out.
            for (std::size_t k = 0; k < locks.size(); ++k)
                if (k != i % 4) locks[k].lock();
            ++under_token[(i + std::size_t(me)) % tokens.size()];
            for (std::size_t k = 0; k < locks.size(); ++k)
                if (k != i % 4) {
                    ++under_lock[k];
                    locks[k].unlock();
                }
            token.unlock();
        }
        if (HostPlatform::inherited(HostPlatform::self()) != 0) loans_left.fetch_add(1);
    });
    CHECK(under_token[0] + under_token[1] == threads * 3'000);
    CHECK(under_lock[0] + under_lock[1] + under_lock[2] == threads * 3'000 / 4 * 9);
    CHECK(loans_left.load() == 0);
    for (auto& lock : locks)
        CHECK(lock.owner() == 0);
}

TEST_CASE("readers see what a writer wrote, whole, and writers count right") {
    RwLock<HostPlatform> lock;
    std::array<std::uint64_t, 2> pair{};
    std::atomic<std::uint64_t> torn{0};
    on_threads([&](int me) {
        for (std::uint64_t i = 0; i < rounds; ++i) {
            if ((i + std::uint64_t(me)) % 4 == 0) {
                lock.lock();
                ++pair[0];
                ++pair[1];
                lock.unlock();
            } else {
                lock.lock_shared();
                if (pair[0] != pair[1]) torn.fetch_add(1);
                lock.unlock_shared();
            }
        }
    });
    CHECK(torn.load() == 0);
    CHECK(pair[0] == threads * rounds / 4);
    CHECK(lock.try_lock());
    lock.unlock();
}

TEST_CASE("snapshots are never torn") {
    using Pair = std::array<std::uint64_t, 4>;
    Snapshot<Pair, HostPlatform> snapshot;
    std::atomic<std::uint64_t> torn{0};
    std::atomic<bool> written{false};
    on_threads([&](int me) {
        if (me == 0) {
            for (std::uint64_t i = 1; i <= rounds; ++i)
                snapshot.store({i, i, i, i});
            written.store(true);
            return;
        }
        std::uint64_t last = 0;
        do {
            const Pair seen = snapshot.load();
            for (const std::uint64_t word : seen)
                if (word != seen[0] || word < last) torn.fetch_add(1);
            last = seen[0];
        } while (!written.load());
    });
    CHECK(torn.load() == 0);
    CHECK(snapshot.load()[0] == rounds);
}
