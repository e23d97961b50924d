// tests/unit/sync/order/threads_test.cpp - one validator, four threads at once.
#include <array>
#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "doctest/doctest.h"
#include "lamina/sync/spin_lock.hpp"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/sync/order/program.hpp"

using namespace order_test;

namespace {

constexpr unsigned threads = 4;

/// Runs `work(number)` on four threads, which begin at the same moment.
template <typename Work>
void run_threads(Work work) {
    std::atomic<unsigned> arrived{0};
    std::vector<std::thread> made;
    for (unsigned i = 0; i < threads; ++i)
        made.emplace_back([&, i] {
            arrived.fetch_add(1);
            while (arrived.load() < threads)
                std::this_thread::yield();
            work(i);
        });
    for (std::thread& thread : made)
        thread.join();
}

/// Classes and locks that are there only for their order: nobody waits for them.
struct Row {
    static constexpr unsigned length = 20;
    explicit Row(Level first, Level by) {
        for (unsigned i = 0; i < length; ++i)
            classes.push_back(std::make_unique<ClassInfo>("class", Level(first + by * i)));
    }
    std::vector<std::unique_ptr<ClassInfo>> classes;
    std::array<std::array<LockTag, threads>, length> tags;
};

struct Outer {
    static constexpr Rank rank = Rank::ipc;
    static constexpr auto name = "outer";
};
struct Inner {
    static constexpr Rank rank = Rank::memory;
    static constexpr auto name = "inner";
};

using OneValidator = Validator<ProgramPlatform>;

OrderStep step_of(OneValidator& validator, Row& row, unsigned of, unsigned thread,
                  const Site& site) {
    return {validator.setting(), *row.classes[of], row.tags[of][thread],
            Access::exclusive,   Way::waits,       site};
}

/// Takes and gives back one inside of the other.
void nest(OneValidator& validator, Row& row, unsigned outer, unsigned inner, unsigned thread) {
    const Site site = Site::current();
    validator.acquire(step_of(validator, row, outer, thread, site));
    validator.acquire(step_of(validator, row, inner, thread, site));
    validator.release(step_of(validator, row, inner, thread, site));
    validator.release(step_of(validator, row, outer, thread, site));
}

}  // namespace

TEST_CASE("4 threads in the order of ranks, with new classes all the time, report nothing") {
    OneValidator validator(Mode::warn, EqualLevels::refuse);
    Row row(1, 1);
    run_threads([&](unsigned thread) {
        mutation::Random random(thread);
        for (unsigned i = 0; i < 20'000; ++i) {
            const auto outer = unsigned(random.below(Row::length - 1));
            const auto inner = outer + 1 + unsigned(random.below(Row::length - outer - 1));
            nest(validator, row, outer, inner, thread);
        }
        validator.expect_none_held();
    });
    CHECK(ProgramPlatform::take_reports().empty());
    std::set<ClassId> ids;
    for (const auto& info : row.classes)
        ids.insert(info->id.load());
    CHECK(ids.size() == Row::length);
    CHECK_FALSE(ids.contains(0));
    unsigned known = 0;
    validator.for_each_class([&](const ClassInfo&) { ++known; });
    CHECK(known == Row::length);
}

TEST_CASE("4 threads that meet a class for the first time at once give it one number") {
    for (unsigned round = 0; round < 500; ++round) {
        OneValidator validator(Mode::warn, EqualLevels::refuse);
        Row row(1, 1);
        run_threads([&](unsigned thread) { nest(validator, row, 0, 1, thread); });
        unsigned known = 0, edges = 0;
        validator.for_each_class([&](const ClassInfo&) { ++known; });
        validator.for_each_edge([&](const auto&, const auto&, const auto&) { ++edges; });
        REQUIRE(known == 2);
        REQUIRE(edges == 1);
    }
    CHECK(ProgramPlatform::take_reports().empty());
}

TEST_CASE("4 threads with random pairs: what is settled has no circle, each pair is said once") {
    OneValidator validator(Mode::warn, EqualLevels::learn);
    Row row(1, 0);
    run_threads([&](unsigned thread) {
        mutation::Random random(thread + 100);
        for (unsigned i = 0; i < 20'000; ++i) {
            const auto outer = unsigned(random.below(Row::length));
            const auto inner = (outer + 1 + unsigned(random.below(Row::length - 1))) % Row::length;
            nest(validator, row, outer, inner, thread);
        }
    });
    std::set<std::pair<const ClassInfo*, const ClassInfo*>> reversed;
    for (const Report& report : ProgramPlatform::take_reports()) {
        CHECK(report.what == Violation::cycle);
        CHECK(reversed.emplace(report.held, report.wanted).second);
    }
    // Of each two classes one order was learned and the other reported: a tournament without a
    // circle has every number of winners once.
    std::set<unsigned> wins;
    for (const auto& outer : row.classes) {
        unsigned count = 0;
        for (const auto& inner : row.classes)
            count += reversed.contains({outer.get(), inner.get()}) ? 1U : 0U;
        wins.insert(count);
    }
    CHECK(reversed.size() == Row::length * (Row::length - 1) / 2);
    CHECK(wins.size() == Row::length);
}

TEST_CASE("4 threads that take two locks in both orders: exactly one order is reported") {
    for (unsigned round = 0; round < 200; ++round) {
        OneValidator validator(Mode::warn, EqualLevels::learn);
        Row row(1, 0);
        run_threads(
            [&](unsigned thread) { nest(validator, row, thread % 2, 1 - thread % 2, thread); });
        REQUIRE(ProgramPlatform::take_reports().size() == 1);
        // The pair that was learned first stays good; the other is counted for each thread.
        REQUIRE(validator.count(Violation::cycle) == 2);
    }
}

TEST_CASE("4 threads while the mode changes: never a report, and nothing left held") {
    OneValidator validator(Mode::warn, EqualLevels::refuse);
    Row row(1, 1);
    std::atomic<unsigned> running{threads - 1};
    run_threads([&](unsigned thread) {
        if (thread == threads - 1) {
            for (unsigned i = 0; running.load() != 0; ++i)
                validator.set_mode(Mode(i % 3));
            return;
        }
        mutation::Random random(thread);
        const Site site = Site::current();
        for (unsigned i = 0; i < 20'000; ++i) {
            const auto outer = unsigned(random.below(Row::length - 1));
            const auto take = [&](unsigned of) {
                const OrderStep step = step_of(validator, row, of, thread, site);
                if (!step.setting.is_on()) return;
                const bool followed = validator.acquire(step);
                validator.note_taken(step, row.tags[of][thread], followed);
            };
            const auto give_back = [&](unsigned of) {
                const OrderStep step = step_of(validator, row, of, thread, site);
                if (step.setting.is_on()) validator.release(step);
            };
            take(outer);
            take(outer + 1);
            give_back(outer + 1);
            give_back(outer);
        }
        running.fetch_sub(1);
    });
    CHECK(ProgramPlatform::take_reports().empty());
    validator.set_mode(Mode::off);
    validator.set_mode(Mode::warn);
    run_threads([&](unsigned) { validator.expect_none_held(); });
    CHECK(ProgramPlatform::take_reports().empty());
}

TEST_CASE("4 threads with real spinlocks in order: counted right, nothing reported") {
    struct Policy : Program<Policy> {};
    using Raw = SpinLock<ProgramPlatform>;
    Guarded<Outer, unsigned, ValidatedLock<Outer, Raw, Policy>> outer{0U};
    Guarded<Inner, unsigned, ValidatedLock<Inner, Raw, Policy>> inner{0U};
    run_threads([&](unsigned) {
        Entry<Policy> entry;
        for (unsigned i = 0; i < 5'000; ++i) {
            Held first{outer, entry};
            Held second{inner, first};
            ++*first;
            ++*second;
        }
    });
    Entry<Policy> entry;
    Held first{outer, entry};
    Held second{inner, first};
    CHECK(*first == threads * 5'000);
    CHECK(*second == threads * 5'000);
    CHECK(ProgramPlatform::take_reports().empty());
}
