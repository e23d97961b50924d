// tests/unit/sync/interleave/spin_lock_test.cpp - the spin lock in every interleaving.
#include "lamina/sync/spin_lock.hpp"

#include <cstdlib>
#include <string_view>

#include "doctest/doctest.h"
#include "tests/unit/sync/interleave/platform.hpp"

using namespace interleave;
using namespace lamina::sync;

namespace {

using Queue = SpinQueue<SteppedPlatform>;
using Node = Queue::Node;
constexpr std::uint64_t deadline = 500;

/// What the checks remember; part of the state.
struct Watch {
    std::uint64_t inside;
    std::array<std::uint64_t, threads_max> is_first;
    std::array<std::uint64_t, threads_max> overtaken;
};
Watch watch;
std::array<int, threads_max> rounds;
std::uint64_t overtakings_seen_max;  // over all states

/// The caller holds the lock for one step: nobody else may.
void hold() {
    if (watch.inside != 0) Explorer::fail("two threads hold the lock");
    watch.inside = 1;
    Explorer::step();
    watch.inside = 0;
}

/// The caller has taken the lock: whoever else is first in the queue is overtaken.
void count_overtakings(std::uint64_t overtakings_max) {
    const auto me = std::size_t(Explorer::current());
    watch.is_first[me] = 0;
    watch.overtaken[me] = 0;
    for (std::size_t i = 0; i < threads_max; ++i) {
        if (watch.is_first[i] == 0) continue;
        overtakings_seen_max = std::max(overtakings_seen_max, ++watch.overtaken[i]);
        if (watch.overtaken[i] > overtakings_max)
            Explorer::fail("the first in the queue is overtaken too often");
    }
}

template <SpinTuning tuning>
struct Fixture {
    using Lock = SpinLock<SteppedPlatform, NoStatistics, tuning>;
    static inline Lock lock;

    static void lock_and_release(int thread) {
        for (int i = 0; i < rounds[std::size_t(thread)]; ++i) {
            lock.lock();
            hold();
            lock.unlock();
        }
    }
    /// The last thread is the clock, the one before it has a deadline, the others wait.
    static void some_give_up(int thread) {
        if (thread == 2) {
            Explorer::step();
            return Explorer::set_clock(deadline);
        }
        for (int i = 0; i < rounds[std::size_t(thread)]; ++i) {
            if (thread == 1) {
                if (!lock.lock_until(deadline)) {
                    watch.is_first[std::size_t(thread)] = 0;
                    watch.overtaken[std::size_t(thread)] = 0;
                    continue;
                }
            } else {
                lock.lock();
            }
            hold();
            lock.unlock();
        }
    }
    /// Keeps `is_first`: a thread is first when it queues up alone, or is made so.
    static void changed(const void* address, std::uint64_t before, std::uint64_t now) {
        constexpr unsigned tail_shift = 32;
        if (address == &lock) {
            const std::uint64_t tail = now >> tail_shift;
            if ((before & 1) == 0 && (now & 1) != 0) count_overtakings(tuning.overtakings_max);
            if (before >> tail_shift == 0 && tail != 0)
                watch.is_first[(tail - 1) / Queue::nodes_per_slot] = 1;
            return;
        }
        const auto* node = static_cast<const Node*>(address);
        const auto index = std::size_t(node - &Queue::node_of(1));
        if (index < threads_max * Queue::nodes_per_slot && address == &node->place &&
            now == std::uint64_t(Place::head))
            watch.is_first[index / Queue::nodes_per_slot] = 1;
    }
    static void at_end() {
        std::uint64_t word = 0;
        std::memcpy(&word, &lock, sizeof word);
        if (word != 0) Explorer::fail("the lock is not free at the end");
        for (std::uint32_t tag = 1; tag <= threads_max * Queue::nodes_per_slot; ++tag)
            if (Queue::node_of(tag).place.peek() != Place::free)
                Explorer::fail("a place is not free at the end");
    }
    static Outcome explore(void (*body)(int), std::uint32_t spurious_max = 0) {
        watch = {};
        overtakings_seen_max = 0;
        const Outcome outcome = Explorer::explore(
            {.threads = 3,
             .body = body,
             .memory = {{&lock, sizeof lock},
                        {&Queue::node_of(1), 3 * Queue::nodes_per_slot * sizeof(Node)},
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

using InTurn = Fixture<SpinTuning{.polls_before_overtaking = ~0U}>;
using Overtaking =
    Fixture<SpinTuning{.polls_before_overtaking = 0, .overtakings_max = 1, .preferred_max = 1}>;
using Patient =
    Fixture<SpinTuning{.polls_before_overtaking = 1, .overtakings_max = 1, .preferred_max = 1}>;

TEST_CASE("3 threads x 2 operations in turn: exclusion, no lost turn, nobody is overtaken") {
    rounds = {2, 2, 2, 0};
    SteppedPlatform::nodes = {};
    InTurn::explore(InTurn::lock_and_release);
    CHECK(overtakings_seen_max == 0);
}

// 3 threads x 2 operations are 20 million states, 40 s: only with LAMINA_LONG=1.
TEST_CASE("with overtaking and two NUMA nodes: overtaken as often as allowed, and no more") {
    const char* const full = std::getenv("LAMINA_LONG");
    rounds = full != nullptr && full == std::string_view("1") ? std::array{2, 2, 2, 0}
                                                              : std::array{2, 1, 1, 0};
    SteppedPlatform::nodes = {0, 1, 0, 0};
    Overtaking::explore(Overtaking::lock_and_release);
    CHECK(overtakings_seen_max == 1);
}

TEST_CASE("with rounds of waiting in which nothing changes") {
    rounds = {1, 1, 1, 0};
    SteppedPlatform::nodes = {0, 1, 0, 0};
    Patient::explore(Patient::lock_and_release, 2);
}

TEST_CASE("with a deadline that may pass at any moment") {
    rounds = {2, 2, 0, 0};
    SteppedPlatform::nodes = {};
    InTurn::explore(InTurn::some_give_up);
    Overtaking::explore(Overtaking::some_give_up);
}
