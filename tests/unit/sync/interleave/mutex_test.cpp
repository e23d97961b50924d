// tests/unit/sync/interleave/mutex_test.cpp - the adaptive mutex in every interleaving.
#include <algorithm>

#include "doctest/doctest.h"
#include "lamina/sync/adaptive_mutex.hpp"
#include "tests/unit/sync/interleave/ideal_guard.hpp"

using namespace interleave;
using namespace lamina::sync;

namespace {

constexpr std::uint64_t deadline = 500;

/// What the checks remember; part of the state.
struct Watch {
    std::uint64_t inside;
    std::array<std::uint64_t, threads_max> overtaken;
};
Watch watch;
std::array<int, threads_max> rounds;
std::uint64_t overtakings_seen_max;  // over all states
bool somebody_inherited;

/// The caller holds the lock for one step: nobody else may.
void hold() {
    if (watch.inside != 0) Explorer::fail("two threads hold the mutex");
    watch.inside = 1;
    Explorer::step();
    watch.inside = 0;
}

template <BlockingTuning tuning>
struct Fixture {
    using Mutex = AdaptiveMutex<MutexPlatform, NoStatistics, tuning>;
    static inline constinit Mutex mutex;

    static void lock_and_release(int thread) {
        for (int i = 0; i < rounds[std::size_t(thread)]; ++i) {
            mutex.lock();
            hold();
            mutex.unlock();
        }
    }
    /// The last thread is the clock, the one before it has a deadline.
    static void some_give_up(int thread) {
        if (thread == 2) {
            Explorer::step();
            return Explorer::set_clock(deadline);
        }
        for (int i = 0; i < rounds[std::size_t(thread)]; ++i) {
            if (thread == 1) {
                if (!mutex.lock_until(deadline)) continue;
            } else {
                mutex.lock();
            }
            hold();
            mutex.unlock();
        }
    }
    static void at_end() {
        if (owner() != 0) Explorer::fail("the mutex is not free at the end");
        for (const std::uint32_t lent : MutexPlatform::inherited)
            if (lent != 0) Explorer::fail("a priority is lent at the end");
    }
    static ThreadId owner_in(std::uint64_t word) {
        return ThreadId(word & ((1U << thread_id_bits) - 1));
    }
    static ThreadId owner() {
        std::uint32_t word = 0;
        std::memcpy(&word, static_cast<void*>(&mutex), sizeof word);
        return owner_in(word);
    }
    static void changed(const void* address, std::uint64_t before, std::uint64_t now) {
        if (address == guard_lock() && now == 0) check_loan();
        if (address == &mutex && owner_in(now) != 0 && owner_in(now) != owner_in(before))
            count_overtakings(owner_in(now));
    }
    /// The turnstile is whole: its owner runs with the priority of the most urgent that sleeps.
    static void check_loan() {
        std::uint32_t most = 0;
        for (std::uint32_t i = 0; i < threads_max; ++i)
            if (Stile::wait_of(make_thread_id(i, 0)).waits_for != nullptr)
                most = std::max(most, MutexPlatform::priorities[i]);
        for (std::uint32_t i = 0; i < threads_max; ++i) {
            const std::uint32_t lent = MutexPlatform::inherited[i];
            somebody_inherited = somebody_inherited || lent != 0;
            const bool owns = owner() != 0 && slot_of(owner()) == i;
            if (lent != (owns ? most : 0)) Explorer::fail("an owner is lent the wrong priority");
        }
    }
    /// Counts for who sleeps first how often another takes the mutex.
    static void count_overtakings(ThreadId owner) {
        watch.overtaken[slot_of(owner)] = 0;
        // The more urgent go first without a bound.
        if (MutexPlatform::priorities != decltype(MutexPlatform::priorities){}) return;
        for (std::uint32_t i = 0; i < threads_max; ++i) {
            const auto& wait = Stile::wait_of(make_thread_id(i, 0));
            if (wait.waits_for == nullptr || is_behind(wait)) continue;
            overtakings_seen_max = std::max(overtakings_seen_max, ++watch.overtaken[i]);
            // One more: the owner may have been first itself, and has left the queue already.
            if (watch.overtaken[i] > tuning.overtakings_max + 1)
                Explorer::fail("the first that sleeps is overtaken too often");
        }
    }
    static bool is_behind(const ThreadWait<MutexPlatform>& wait) {
        for (std::uint32_t i = 0; i < threads_max; ++i)
            if (Stile::wait_of(make_thread_id(i, 0)).behind == &wait &&
                Stile::wait_of(make_thread_id(i, 0)).waits_for != nullptr)
                return true;
        return false;
    }
    static Outcome explore(void (*body)(int), std::uint32_t spurious_max = 0) {
        watch = {};
        overtakings_seen_max = 0;
        somebody_inherited = false;
        auto* const guard = guard_lock();
        const Outcome outcome = Explorer::explore(
            {.threads = 3,
             .body = body,
             .memory = {{&mutex, sizeof mutex},
                        {guard, sizeof *guard},
                        {&Stile::wait_of(make_thread_id(0, 0)),
                         3 * sizeof(ThreadWait<MutexPlatform>)},
                        {&MutexPlatform::inherited, sizeof MutexPlatform::inherited},
                        {&watch, sizeof watch}},
             .changed = changed,
             .at_end = at_end,
             .spurious_max = spurious_max});
        CHECK(outcome.failure == "");
        CHECK(outcome.complete);
        MESSAGE(outcome.states << " states, " << outcome.ends << " ends, overtaken "
                               << overtakings_seen_max);
        return outcome;
    }
};

}  // namespace

using Sleepy = Fixture<BlockingTuning{.polls_max = 0, .overtakings_max = 1}>;
using Polling = Fixture<BlockingTuning{.polls_max = 1, .overtakings_max = 1}>;
using Strict = Fixture<BlockingTuning{.polls_max = 0, .overtakings_max = 0}>;

TEST_CASE("3 threads x 2 operations: exclusion, no lost wake-up, overtaken as often as allowed") {
    rounds = {2, 2, 2, 0};
    MutexPlatform::priorities = {};
    Sleepy::explore(Sleepy::lock_and_release);
    CHECK(overtakings_seen_max == 2);
    CHECK_FALSE(somebody_inherited);
}

TEST_CASE("with priorities: each loan is as high as it must be, and paid back") {
    rounds = {2, 1, 1, 0};
    MutexPlatform::priorities = {3, 1, 2, 0};
    Sleepy::explore(Sleepy::lock_and_release);
    CHECK(somebody_inherited);
}

TEST_CASE("polling once, and waking for no reason once") {
    rounds = {2, 1, 1, 0};
    MutexPlatform::priorities = {};
    Polling::explore(Polling::lock_and_release, 1);
    CHECK_FALSE(somebody_inherited);
}

TEST_CASE("handed over at every release") {
    rounds = {2, 2, 1, 0};
    MutexPlatform::priorities = {};
    Strict::explore(Strict::lock_and_release);
    CHECK(overtakings_seen_max == 1);
}

TEST_CASE("a deadline that may pass at any moment") {
    rounds = {2, 2, 0, 0};
    MutexPlatform::priorities = {1, 2, 0, 0};
    Sleepy::explore(Sleepy::some_give_up);
    Polling::explore(Polling::some_give_up);
    CHECK(somebody_inherited);
}
