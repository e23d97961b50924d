// tests/unit/sync/order/host_order_test.cpp - HostOrder: the C++ library's locks, and its reporter.
#include "lamina/sync/host_order.hpp"

#include <vector>

#include "doctest/doctest.h"

using namespace lamina::sync;

namespace {

std::vector<Violation> said;

/// Hands the program's reports to the test while it lives.
struct Reports {
    Reports() {
        said.clear();
        HostOrderPlatform::set_reporter([](const Report& report) { said.push_back(report.what); });
    }
    ~Reports() { HostOrderPlatform::set_reporter(HostOrderPlatform::print); }
};

}  // namespace

TEST_CASE("a std::mutex is followed: in a circle, and when its holder wants it again") {
    Reports reports;
    HostLock<NamedClass<"mutex a", 1>> a;
    HostLock<NamedClass<"mutex b", 1>> b;
    {
        LockGuard first(a);
        LockGuard second(b);
        CHECK(said.empty());
    }
    {
        LockGuard first(b);
        LockGuard second(a);
        CHECK(said == std::vector{Violation::cycle});
    }
    HostOrder::validator().expect_none_held();
    CHECK(said.size() == 1);
}

TEST_CASE("a std::recursive_mutex may be taken again by its holder") {
    Reports reports;
    HostLock<NamedClass<"recursive", 1>, std::recursive_mutex> again;
    HostLock<NamedClass<"inside", 1>> inside;
    LockGuard first(again);
    LockGuard second(inside);
    LockGuard third(again);
    CHECK(said.empty());
}

TEST_CASE("a reader of a std::shared_mutex may not be one twice: a writer may wait between") {
    Reports reports;
    HostLock<NamedClass<"shared", 1>, std::shared_mutex> shared;
    shared.lock_shared();
    shared.lock_shared();
    CHECK(said == std::vector{Violation::reacquisition});
    shared.unlock_shared();
    shared.unlock_shared();
    CHECK(shared.try_lock());
    shared.unlock();
    CHECK(said.size() == 1);
}

TEST_CASE("classes written alike are one class, others are not") {
    Reports reports;
    HostLock<NamedClass<"alike", 1>> one, two;
    HostLock<NamedClass<"alike", 2>> further_in;
    LockGuard first(one);
    LockGuard inner(further_in);
    CHECK(said.empty());
    LockGuard second(two);
    CHECK(said == std::vector{Violation::inversion});
}
