// tests/unit/sync/order/guards_test.cpp - Guarded, Held, pairs and tries, with real locks.
#include "doctest/doctest.h"
#include "lamina/sync/adaptive_mutex.hpp"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/sleep_lock.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/token.hpp"
#include "tests/unit/sync/order/program.hpp"

using namespace order_test;

namespace {

struct Policy : Program<Policy> {};

struct Table {
    static constexpr Rank rank = Rank::memory;
    static constexpr auto name = "table";
};
struct Pool {
    static constexpr Rank rank = step<1>(Rank::memory);
    static constexpr auto name = "pool";
};

struct Cache {
    static constexpr Rank rank = step<2>(Rank::memory);
    static constexpr auto name = "cache";
};
struct Queue {
    static constexpr Rank rank = Rank::scheduler;
    static constexpr auto name = "queue";
};

template <typename Class, typename P = Policy>
using Spin = ValidatedLock<Class, SpinLock<ProgramPlatform>, P>;
template <typename Class, typename T, typename P = Policy>
using Guard = Guarded<Class, T, Spin<Class, P>>;
using Readers = ValidatedLock<Table, RwLock<ProgramPlatform>, Policy>;

/// Names of the rules reported since the last call, and how many.
std::vector<Violation> rules() {
    std::vector<Violation> found;
    for (const Report& report : ProgramPlatform::take_reports())
        found.push_back(report.what);
    return found;
}
using Rules = std::vector<Violation>;

/// Whether nobody holds it.
bool is_free(auto& guarded) { return bool(TryHeld{guarded}); }

}  // namespace

TEST_CASE("a Held gives the data and gives the lock back at its end") {
    Guard<Table, int> table{3};
    {
        Entry<Policy> entry;
        Held held{table, entry};
        CHECK(*held == 3);
        *held = 4;
        CHECK_FALSE(is_free(table));
    }
    TryHeld tried{table};
    REQUIRE(bool(tried));
    CHECK(**tried == 4);
    CHECK(rules().empty());
}

TEST_CASE("Helds nested in the order of their ranks are silent") {
    Guard<Table, int> table{1};
    Guard<Pool, int> pool{2};
    Entry<Policy> entry;
    Held caps{table, entry};
    Held frames{pool, caps};
    CHECK(*caps + *frames == 3);
    CHECK(rules().empty());
}

TEST_CASE("a witness that is not the innermost lock is found at run time") {
    Guard<Table, int> table{1};
    Guard<Pool, int> pool{2};
    Entry<Policy> entry;
    Held frames{pool, entry};
    Held caps{table, entry};
    const auto reports = ProgramPlatform::take_reports();
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].what == Violation::inversion);
    CHECK(std::string_view(reports[0].wanted->name) == "table");
    CHECK(std::string_view(reports[0].held->name) == "pool");
}

TEST_CASE("an Entry made with a lock held, or left with one, is reported") {
    struct Own : Program<Own> {};
    Guard<Table, int, Own> table{1};
    Spin<Pool, Own> kept;
    {
        Entry<Own> entry;
        Held caps{table, entry};
        Entry<Own> second;
        CHECK(rules() == Rules{Violation::held_at_exit});
    }
    {
        Entry<Own> entry;
        kept.lock();
    }
    CHECK(rules() == Rules{Violation::held_at_exit});
    kept.unlock();
}

TEST_CASE("a pair takes the lower address first, whatever the order of its arguments") {
    std::array<Guard<Pool, int>, 2> pools{Guard<Pool, int>{1}, Guard<Pool, int>{2}};
    Entry<Policy> entry;
    for (const bool turned : {false, true}) {
        HeldPair both{pools[turned ? 1 : 0], pools[turned ? 0 : 1], entry};
        CHECK(both.first() == (turned ? 2 : 1));
        CHECK(both.second() == (turned ? 1 : 2));
        CHECK_FALSE(is_free(pools[0]));
        CHECK_FALSE(is_free(pools[1]));
    }
    CHECK(is_free(pools[0]));
    CHECK(is_free(pools[1]));
    CHECK(rules().empty());
}

TEST_CASE("a pair of one and the same takes it once") {
    Guard<Pool, int> pool{1};
    {
        Entry<Policy> entry;
        HeldPair both{pool, pool, entry};
        both.first() = 5;
        CHECK(both.second() == 5);
    }
    CHECK(is_free(pool));
    CHECK(rules().empty());
}

TEST_CASE("readers share, and keep a writer out") {
    Guarded<Table, int, Readers> table{7};
    Entry<Policy> entry;
    {
        HeldShared reader{table, entry};
        CHECK(*reader == 7);
        CHECK_FALSE(is_free(table));
    }
    CHECK(is_free(table));
    CHECK(rules().empty());
}

TEST_CASE("a reader of an RwLock may not be one twice: a writer may wait between") {
    struct Own : Program<Own> {};
    ValidatedLock<Table, RwLock<ProgramPlatform>, Own> lock;
    lock.lock_shared();
    lock.lock_shared();
    CHECK(rules() == Rules{Violation::reacquisition});
    lock.unlock_shared();
    lock.unlock_shared();
}

TEST_CASE("a wait until a deadline ends with nothing held") {
    Guard<Pool, int> pool{1};
    Guard<Table, int> table{1};
    Entry<Policy> entry;
    {
        TryHeld holder{pool};
        REQUIRE(bool(holder));
        // The same thread: it would wait for itself, is told so, and gives up at once.
        TryHeld late{pool, entry, 1};
        CHECK_FALSE(bool(late));
        CHECK(rules() == Rules{Violation::reacquisition});
    }
    TryHeld in_time{pool, entry, no_deadline};
    CHECK(bool(in_time));
    CHECK(rules().empty());
}

TEST_CASE("what is unvalidated is the raw lock and nothing else") {
    using Raw = SpinLock<ProgramPlatform>;
    static_assert(sizeof(ValidatedLock<Table, Raw, Unvalidated>) == sizeof(Raw));
    Guarded<Table, int, ValidatedLock<Table, Raw, Unvalidated>> table{1};
    Entry<Unvalidated> entry;
    Held caps{table, entry};
    CHECK_FALSE(is_free(table));
    CHECK(rules().empty());
}

TEST_CASE("locks by hand: every way to take one is followed") {
    struct Own : Program<Own> {};
    ValidatedLock<Table, RwLock<ProgramPlatform>, Own> lock;
    Spin<Pool, Own> inner;
    Own::validator().set_mode(Mode::panic);
    const auto is_held = [&] {
        try {
            Own::validator().expect_none_held();
        } catch (const ProgramPlatform::Panic&) {
            return rules() == Rules{Violation::held_at_exit};
        }
        return false;
    };
    lock.lock();
    CHECK(is_held());
    lock.unlock();
    CHECK_FALSE(is_held());
    CHECK(lock.try_lock());
    CHECK(is_held());
    lock.unlock();
    CHECK(lock.lock_until(no_deadline));
    CHECK(is_held());
    lock.unlock();
    CHECK(lock.lock_for(1'000'000'000));
    CHECK(is_held());
    lock.unlock();
    CHECK_FALSE(is_held());
    lock.lock_shared();
    CHECK(is_held());
    CHECK_FALSE(lock.try_lock());
    lock.unlock_shared();
    CHECK(lock.try_lock_shared());
    CHECK(is_held());
    lock.unlock_shared();
    CHECK(lock.lock_shared_until(no_deadline));
    CHECK(is_held());
    lock.unlock_shared();
    CHECK_FALSE(is_held());
    inner.lock_paired();
    CHECK(is_held());
    inner.unlock();
    CHECK_FALSE(is_held());
}

TEST_CASE("locks by hand: a try may be against the order, a wait until a deadline may not") {
    struct Own : Program<Own> {};
    Spin<Table, Own> table;
    Spin<Pool, Own> pool;
    ValidatedLock<Cache, RwLock<ProgramPlatform>, Own> cache;
    cache.lock_shared();
    CHECK(pool.try_lock());
    CHECK(rules().empty());
    CHECK(table.lock_until(no_deadline));
    CHECK(rules() == Rules{Violation::inversion});
    table.unlock();
    pool.unlock();
    cache.unlock_shared();
    pool.lock();
    CHECK(cache.try_lock_shared());
    cache.unlock_shared();
    pool.unlock();
    CHECK(rules().empty());
}

TEST_CASE("in mode panic the raw lock is not touched") {
    struct Own : Program<Own> {};
    Spin<Table, Own> table;
    Spin<Pool, Own> pool;
    Own::validator().set_mode(Mode::panic);
    pool.lock();
    CHECK_THROWS_AS(table.lock(), ProgramPlatform::Panic);
    CHECK(table.raw().try_lock());
    table.raw().unlock();
    pool.unlock();
    CHECK(rules() == Rules{Violation::inversion});
}

TEST_CASE("each type of lock is followed as what it is: token, mutex, sleep lock, spinlock") {
    struct Own : Program<Own> {};
    ValidatedLock<Table, ThreadToken<ProgramPlatform>, Own> token;
    ValidatedLock<Pool, AdaptiveMutex<ProgramPlatform>, Own> mutex;
    ValidatedLock<Cache, SleepLock<ProgramPlatform>, Own> sleep_lock;
    ValidatedLock<Queue, SpinLock<ProgramPlatform>, Own> spin;
    token.lock();
    mutex.lock();
    token.lock();
    sleep_lock.lock();
    spin.lock();
    spin.unlock();
    sleep_lock.unlock();
    token.unlock();
    mutex.unlock();
    token.unlock();
    CHECK(rules().empty());
    spin.lock();
    token.lock();
    CHECK(rules() == Rules{Violation::wait_kind, Violation::inversion});
    mutex.lock();
    CHECK(rules() == Rules{Violation::wait_kind, Violation::inversion});
    sleep_lock.lock();
    CHECK(rules() == Rules{Violation::wait_kind, Violation::inversion});
    Own::validator().about_to_block();
    CHECK(rules() == Rules{Violation::blocking});
    sleep_lock.unlock();
    mutex.unlock();
    token.unlock();
    spin.unlock();
    CHECK(rules().empty());
}
