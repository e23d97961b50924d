// tests/unit/sync/interleave/rw_lock_test.cpp - the reader-writer lock and snapshots in every
// interleaving.
#include "lamina/sync/rw_lock.hpp"

#include "doctest/doctest.h"
#include "lamina/sync/sequence.hpp"
#include "tests/unit/sync/interleave/platform.hpp"

using namespace interleave;
using namespace lamina::sync;

namespace {

constexpr std::uint64_t deadline = 500;

using Lock = RwLock<SteppedPlatform>;
Lock rw_lock;
using Value = std::array<std::uint64_t, 2>;
Snapshot<Value, SteppedPlatform> snapshot;

/// Who is inside; part of the state.
struct Watch {
    std::uint64_t readers;
    std::uint64_t writers;
};
Watch watch;
std::uint64_t readers_seen_max;  // over all states
std::uint64_t gave_up;

void read_inside() {
    ++watch.readers;
    readers_seen_max = std::max(readers_seen_max, watch.readers);
    if (watch.writers != 0) Explorer::fail("a reader is inside with a writer");
    Explorer::step();
    --watch.readers;
}
void write_inside() {
    ++watch.writers;
    if (watch.writers != 1 || watch.readers != 0) Explorer::fail("a writer is not alone");
    Explorer::step();
    --watch.writers;
}
void read() {
    rw_lock.lock_shared();
    read_inside();
    rw_lock.unlock_shared();
}
void write() {
    rw_lock.lock();
    write_inside();
    rw_lock.unlock();
}

void free_at_end() {
    for (std::size_t i = 0; i < sizeof rw_lock; ++i)
        if (reinterpret_cast<const char*>(&rw_lock)[i] != 0)
            Explorer::fail("the lock is not free at the end");
}

Outcome explore(int threads, void (*body)(int), void (*at_end)()) {
    watch = {};
    readers_seen_max = gave_up = 0;
    const Outcome outcome =
        Explorer::explore({.threads = threads,
                           .body = body,
                           .memory = {{&rw_lock, sizeof rw_lock},
                                      {&snapshot, sizeof snapshot},
                                      {&SpinQueue<SteppedPlatform>::node_of(1),
                                       4 * SpinQueue<SteppedPlatform>::nodes_per_slot *
                                           sizeof(SpinQueue<SteppedPlatform>::Node)},
                                      {&watch, sizeof watch}},
                           .changed = {},
                           .at_end = at_end});
    CHECK(outcome.failure == "");
    CHECK(outcome.complete);
    MESSAGE(outcome.states << " states, " << outcome.ends << " ends");
    return outcome;
}

}  // namespace

TEST_CASE(
    "two readers, and a writer twice: a writer is alone, readers share, nobody waits for ever") {
    explore(
        3,
        [](int thread) {
            if (thread != 2) return read();
            write();
            write();
        },
        free_at_end);
    CHECK(readers_seen_max == 2);
}

TEST_CASE("two writers, one of them twice, and a reader") {
    explore(
        3,
        [](int thread) {
            if (thread == 2) return read();
            write();
            if (thread == 0) write();
        },
        free_at_end);
    CHECK(readers_seen_max == 1);
}

TEST_CASE("a writer or a reader that may give up at any moment") {
    static bool writer_gives_up;
    for (const bool which : {false, true}) {
        writer_gives_up = which;
        explore(
            3,
            [](int thread) {
                if (thread == 2) {
                    Explorer::step();
                    return Explorer::set_clock(deadline);
                }
                if (thread == 1) {
                    read();
                    return write();
                }
                if (writer_gives_up ? rw_lock.lock_until(deadline)
                                    : rw_lock.lock_shared_until(deadline)) {
                    writer_gives_up ? write_inside() : read_inside();
                    writer_gives_up ? rw_lock.unlock() : rw_lock.unlock_shared();
                } else {
                    ++gave_up;
                }
            },
            free_at_end);
        CHECK(gave_up > 0);
    }
}

TEST_CASE("a snapshot is whole at every moment of two stores, and never goes back") {
    explore(
        3,
        [](int thread) {
            if (thread == 0) {
                snapshot.store({1, 1});
                return snapshot.store({2, 2});
            }
            std::uint64_t last = 0;
            for (int i = 0; i < 2; ++i) {
                const Value seen = snapshot.load();
                if (seen[0] != seen[1]) Explorer::fail("a snapshot is torn");
                if (seen[0] < last) Explorer::fail("a snapshot goes back");
                last = seen[0];
            }
        },
        [] {});
}
