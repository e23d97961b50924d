// tests/unit/sync/order/reports_test.cpp - what a report holds; fixed tables that fill up.
#include <algorithm>
#include <deque>
#include <string>

#include "doctest/doctest.h"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/token.hpp"
#include "tests/unit/sync/order/program.hpp"

using namespace order_test;

namespace {

struct A {
    static constexpr int rank = 1;
    static constexpr auto name = "a";
};
struct B {
    static constexpr int rank = 1;
    static constexpr auto name = "b";
};
struct C {
    static constexpr int rank = 2;
    static constexpr auto name = "c";
};

template <typename Class, typename Policy>
using Spin = ValidatedLock<Class, SpinLock<ProgramPlatform>, Policy>;

constexpr unsigned line(Site site = Site::current()) { return site.line(); }

}  // namespace

TEST_CASE("a circle is reported with both sites, the sites of its chain, and all that is held") {
    struct Policy : Program<Policy> {};
    Spin<A, Policy> a;
    Spin<B, Policy> b;
    Spin<C, Policy> c;
    a.lock();
    const unsigned first_a = line() - 1;
    b.lock();
    const unsigned first_b = line() - 1;
    b.unlock();
    a.unlock();
    b.lock();
    const unsigned second_b = line() - 1;
    CHECK(c.try_lock());
    const unsigned tried_c = line() - 1;
    a.lock();
    const unsigned second_a = line() - 1;
    const auto reports = ProgramPlatform::take_reports();
    a.unlock();
    c.unlock();
    b.unlock();
    REQUIRE(reports.size() == 1);  // c ranks inside of a: that is reported, b is against a too
    const Report& report = reports[0];
    CHECK(report.what == Violation::inversion);
    CHECK(report.is_warning);
    CHECK(report.site.line() == second_a);
    CHECK(std::string_view(report.site.file_name()).ends_with("reports_test.cpp"));
    CHECK(report.held_site.line() == tried_c);
    CHECK(report.held_lock != report.wanted_lock);
    REQUIRE(report.lock_count == 2);
    CHECK(report.locks[0].site.line() == second_b);
    CHECK(std::string_view(report.locks[0].lock_class->name) == "b");
    CHECK(report.locks[1].lock == report.held_lock);

    b.lock();
    a.lock();
    const unsigned third_a = line() - 1;
    a.unlock();
    b.unlock();
    const auto circles = ProgramPlatform::take_reports();
    REQUIRE(circles.size() == 1);
    CHECK(circles[0].what == Violation::cycle);
    CHECK(circles[0].site.line() == third_a);
    REQUIRE(circles[0].link_count == 1);
    CHECK(circles[0].links[0].held.line() == first_a);
    CHECK(circles[0].links[0].taken.line() == first_b);
}

TEST_CASE("a double unlock is reported with where the lock was last taken") {
    struct Policy : Program<Policy> {};
    Spin<A, Policy> a;
    Spin<C, Policy> c;
    unsigned taken = 0, given_back = 0;
    // The second time everything about the lock is known.
    for (int i = 0; i < 2; ++i) {
        a.lock();
        taken = line() - 1;
        a.unlock();
    }
    a.unlock();
    given_back = line() - 1;
    // A lock taken by a try, and one taken for the first time.
    REQUIRE(c.try_lock());
    const unsigned tried = line() - 1;
    c.unlock();
    c.unlock();
    const auto reports = ProgramPlatform::take_reports();
    REQUIRE(reports.size() == 2);
    CHECK(reports[0].what == Violation::stranger_release);
    CHECK(reports[0].held_site.line() == taken);
    CHECK(reports[0].site.line() == given_back);
    CHECK(reports[1].what == Violation::stranger_release);
    CHECK(reports[1].held_site.line() == tried);
}

TEST_CASE("a lock given back out of order is reported with where the later one was taken") {
    struct Policy : Program<Policy> {};
    Spin<A, Policy> a;
    Spin<C, Policy> c;
    a.lock();
    c.lock();
    const unsigned later = line() - 1;
    a.unlock();
    const unsigned given_back = line() - 1;
    c.unlock();
    const auto reports = ProgramPlatform::take_reports();
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].what == Violation::release_order);
    CHECK(reports[0].held_site.line() == later);
    CHECK(reports[0].site.line() == given_back);
}

namespace {
struct Sink : Program<Sink> {};
Spin<A, Sink> sink_lock;
Spin<C, Sink> sink_inner;
ValidatedLock<C, RwLock<ProgramPlatform>, Sink> sink_readers;
}  // namespace

TEST_CASE("locks that the report's sink takes are not followed, and what it leaves is as before") {
    Spin<B, Sink> b;
    sink_readers.lock_shared();
    b.lock();
    static int depth = 0;
    // Each of these would be a violation, and a second report from inside of the first.
    ProgramPlatform::on_report = [] {
        ++depth;
        sink_lock.lock();
        sink_lock.unlock();
        Sink::validator().about_to_block();
        Sink::validator().expect_none_held();
        CHECK(sink_readers.try_lock_shared());
        sink_readers.unlock_shared();
        // An interrupt that comes meanwhile is not followed either.
        const Validator<ProgramPlatform>::InterruptScope handler(Sink::validator());
        sink_inner.lock();
        sink_lock.lock();
        sink_lock.unlock();
        sink_inner.unlock();
    };
    Sink::validator().expect_none_held();
    ProgramPlatform::on_report = nullptr;
    CHECK(depth == 1);
    CHECK(ProgramPlatform::take_reports().size() == 2);  // b inside of c, and this
    b.unlock();
    sink_readers.unlock_shared();
    Sink::validator().expect_none_held();
    CHECK(ProgramPlatform::take_reports().empty());
    CHECK(Sink::validator().count(Violation::held_at_exit) == 1);
}

namespace {
struct Again : Program<Again> {};
ValidatedLock<A, ThreadToken<ProgramPlatform>, Again> token;
}  // namespace

TEST_CASE("a token that the report's sink takes again is held as before") {
    token.lock();
    ProgramPlatform::on_report = [] {
        token.lock();
        token.unlock();
    };
    Again::validator().expect_none_held();
    ProgramPlatform::on_report = nullptr;
    CHECK(ProgramPlatform::held().depth == 1);
    token.unlock();
    CHECK(ProgramPlatform::held().depth == 0);
    CHECK(ProgramPlatform::take_reports().size() == 1);
}

TEST_CASE("a violation is counted each time, and reported once") {
    struct Policy : Program<Policy> {};
    Spin<A, Policy> a;
    Spin<C, Policy> c;
    for (int i = 0; i < 5; ++i) {
        c.lock();
        a.lock();
        a.unlock();
        c.unlock();
    }
    CHECK(Policy::validator().count(Violation::inversion) == 5);
    CHECK(ProgramPlatform::take_reports().size() == 1);
}

TEST_CASE("declared classes are known before they are used, until there is no number left") {
    struct Policy : Program<Policy> {};
    static std::deque<ClassInfo> classes;
    auto& validator = Policy::validator();
    for (unsigned i = 1; i < 64; ++i) {
        ClassInfo& made = classes.emplace_back("class", Level(i));
        CHECK(validator.declare(made));
        CHECK(validator.declare(made));
        CHECK(made.id.load() == i);
    }
    ClassInfo& late = classes.emplace_back("late", Level(1));
    const auto refused = validator.declare(late);
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == lamina::Status::limit_reached);
    CHECK(late.id.load() == 0);
}

TEST_CASE("locks of a class without a number are reported once, taken, and not followed") {
    struct Policy : Program<Policy> {};
    static std::deque<ClassInfo> classes;
    auto& validator = Policy::validator();
    for (unsigned i = 1; i < 64; ++i)
        REQUIRE(validator.declare(classes.emplace_back("class", Level(i))));
    Spin<A, Policy> a, second;
    a.lock();
    second.lock();
    CHECK_FALSE(a.raw().try_lock());
    validator.expect_none_held();
    a.unlock();
    second.unlock();
    CHECK(a.raw().try_lock());
    const auto reports = ProgramPlatform::take_reports();
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].what == Violation::class_table_full);
    CHECK(std::string_view(reports[0].wanted->name) == "a");
}

TEST_CASE("a reported set takes each triple once, and when full takes everything as known") {
    ReportedSet set;
    for (unsigned i = 0; i < ReportedSet::entries_max; ++i) {
        CAPTURE(i);
        const auto what = Violation(i % violation_count);
        const auto a = std::uint16_t(i / 16), b = std::uint16_t(i % 16);
        CHECK(set.is_first(what, a, b));
        CHECK_FALSE(set.is_first(what, a, b));
    }
    CHECK_FALSE(set.is_first(Violation::cycle, 1000, 1000));
    CHECK_FALSE(set.is_first(Violation::inversion, 0, 0));
}

TEST_CASE("every rule has a name and a sentence of its own") {
    for (unsigned i = 0; i < violation_count; ++i)
        for (unsigned j = 0; j < i; ++j) {
            CHECK(std::string(name_of(Violation(i))) != name_of(Violation(j)));
            CHECK(std::string(sentence_of(Violation(i))) != sentence_of(Violation(j)));
        }
}

TEST_CASE("the ranks are those of the table, outer before inner, with room between") {
    const Rank order[] = {Rank::user,   Rank::filesystem, Rank::net,    Rank::crypto,
                          Rank::device, Rank::ipc,        Rank::memory, Rank::scheduler};
    for (unsigned i = 0; i + 1 < std::size(order); ++i) {
        CHECK(level_of(order[i]) < level_of(order[i + 1]));
        CHECK(level_of(order[i]) + steps_per_rank <= level_of(order[i + 1]));
    }
    static_assert(step<0>(Rank::ipc) == Rank::ipc);
    static_assert(step<9>(Rank::ipc) < Rank::memory);
}
