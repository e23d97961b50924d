// tests/unit/sync/stress_test.cpp - threads at once on the spinning types: nothing is lost or torn.
#include <array>
#include <latch>
#include <thread>
#include <vector>

#include "doctest/doctest.h"
#include "lamina/sync/host_platform.hpp"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/sequence.hpp"
#include "lamina/sync/spin_lock.hpp"

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
