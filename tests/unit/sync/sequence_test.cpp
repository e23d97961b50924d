// tests/unit/sync/sequence_test.cpp - the sequence counter and snapshots: torn readings are
// noticed.
#include "lamina/sync/sequence.hpp"

#include <array>

#include "doctest/doctest.h"
#include "tests/unit/sync/test_platform.hpp"

using namespace sync_test;

TEST_CASE("a reading is good if no writer was at work between its ends") {
    SequenceCounter<TestPlatform> counter;
    const std::uint32_t quiet = counter.read_begin();
    CHECK_FALSE(counter.read_retry(quiet));
    counter.write_begin();
    CHECK(counter.read_retry(quiet));
    const std::uint32_t amid = counter.read_begin();
    CHECK(counter.read_retry(amid));
    counter.write_end();
    CHECK(counter.read_retry(quiet));
    CHECK(counter.read_retry(amid));
    CHECK_FALSE(counter.read_retry(counter.read_begin()));
}

namespace {

struct Odd {
    std::uint64_t a;
    std::uint32_t b;
    std::uint8_t c;
};

/// Stops its reader or writer in the middle of a copy: runs a function at the n-th access.
template <typename T>
struct Watched : MachineAtomic<T> {
    using MachineAtomic<T>::MachineAtomic;
    T load(std::memory_order order) const;
};

struct Watching : TestPlatform {
    template <typename T>
    using Atomic = Watched<T>;
    static inline int loads_before_call = -1;
    static inline std::function<void()> call;
    static inline int relaxes = 0;
    static void relax() { ++relaxes; }
};

template <typename T>
T Watched<T>::load(std::memory_order order) const {
    if (Watching::loads_before_call >= 0 && Watching::loads_before_call-- == 0)
        std::exchange(Watching::call, nullptr)();
    return MachineAtomic<T>::load(order);
}

}  // namespace

TEST_CASE("a snapshot gives back what was stored, whatever the size of its type") {
    Snapshot<Odd, TestPlatform> snapshot(Odd{.a = 1, .b = 2, .c = 3});
    CHECK(snapshot.load().a == 1);
    snapshot.store({.a = ~0ULL, .b = 77, .c = 255});
    const Odd seen = snapshot.load();
    CHECK(seen.a == ~0ULL);
    CHECK(seen.b == 77);
    CHECK(seen.c == 255);
    Snapshot<char, TestPlatform> small('x');
    CHECK(small.load() == 'x');
}

TEST_CASE("a store at any moment of a load makes the load fail, and the next one whole") {
    using Words = std::array<std::uint64_t, 3>;
    // The counter, three words, the counter again.
    for (int moment = 1; moment <= 4; ++moment) {
        CAPTURE(moment);
        Snapshot<Words, Watching> snapshot(Words{1, 1, 1});
        Watching::loads_before_call = moment;
        Watching::call = [&] { snapshot.store({2, 2, 2}); };
        CHECK_FALSE(snapshot.try_load().has_value());
        CHECK(snapshot.try_load() == Words{2, 2, 2});
        Watching::relaxes = 0;
        Watching::loads_before_call = moment;
        Watching::call = [&] { snapshot.store({3, 3, 3}); };
        CHECK(snapshot.load() == Words{3, 3, 3});
        CHECK(Watching::relaxes == 1);
    }
    Watching::loads_before_call = -1;
}
