// tests/unit/exokernel/memory/account_test.cpp - Account: the quota is never exceeded.
#include "exokernel/memory/account.hpp"

#include "doctest/doctest.h"
#include "tests/unit/exokernel/machine.hpp"

using lamina::Status;

TEST_CASE("an account can be charged up to its limit") {
    exo::Account account = HostMachine::account(10);
    CHECK(account.charge(4));
    CHECK(account.charge(6));
    CHECK(account.used == 10);
}

TEST_CASE("a charge beyond the limit fails and takes nothing") {
    exo::Account account = HostMachine::account(10);
    REQUIRE(account.charge(4));
    CHECK(account.charge(7).error() == Status::quota_exceeded);
    CHECK(account.used == 4);
    CHECK(account.charge(6));
    CHECK(account.charge(1).error() == Status::quota_exceeded);
}

TEST_CASE("a charge so large that the sum would wrap fails too") {
    exo::Account account = HostMachine::account(10);
    REQUIRE(account.charge(5));
    CHECK(account.charge(~std::uint64_t{0}).error() == Status::quota_exceeded);
    CHECK(account.charge(~std::uint64_t{0} - 4).error() == Status::quota_exceeded);
    CHECK(account.used == 5);
}

TEST_CASE("an account without a quota covers nothing but nothing") {
    exo::Account account = HostMachine::account(0);
    CHECK(account.charge(0));
    CHECK(account.charge(1).error() == Status::quota_exceeded);
}

TEST_CASE("what is refunded can be charged again") {
    exo::Account account = HostMachine::account(3);
    REQUIRE(account.charge(3));
    CHECK_FALSE(account.refund(2));
    CHECK(account.used == 1);
    CHECK(account.charge(2));
    CHECK(account.charge(1).error() == Status::quota_exceeded);
}

TEST_CASE("refunding says that there is more to do when nothing is used any more") {
    exo::Account account = HostMachine::account(3);
    REQUIRE(account.charge(3));
    CHECK_FALSE(account.refund(2));
    CHECK(account.refund(1));
}

TEST_CASE("what is free of an account goes at once when it is asked for") {
    exo::Account account = HostMachine::account(10);
    REQUIRE(account.charge(4));
    CHECK(account.ask(5) == 5);
    CHECK_FALSE(account.owes());
    CHECK(account.limit_frames() == 5);
    CHECK(account.used_frames() == 4);
    CHECK(account.charge(1));
    CHECK(account.charge(1).error() == Status::quota_exceeded);
}

TEST_CASE("an account that owes has no free quota, and pays with all that comes back") {
    exo::Account account = HostMachine::account(10);
    REQUIRE(account.charge(8));
    CHECK(account.ask(5) == 2);
    CHECK(account.owed == 3);
    CHECK(account.limit_frames() == 8);
    CHECK(account.used_frames() == 8);
    CHECK(account.charge(1).error() == Status::quota_exceeded);
    CHECK(account.refund(2));
    CHECK(account.pay() == 2);
    CHECK(account.owed == 1);
    CHECK(account.limit_frames() == 6);
    CHECK(account.used_frames() == 6);
    CHECK(account.charge(1).error() == Status::quota_exceeded);
    // More than it owes: the rest is its own again.
    CHECK(account.refund(4));
    CHECK(account.pay() == 1);
    CHECK_FALSE(account.owes());
    CHECK(account.limit == 5);
    CHECK(account.used == 2);
    CHECK(account.charge(3));
    CHECK(account.charge(1).error() == Status::quota_exceeded);
    CHECK_FALSE(account.refund(4));
}

TEST_CASE("an account can be asked for all it has, and pays until nothing is left") {
    exo::Account account = HostMachine::account(6);
    REQUIRE(account.charge(6));
    CHECK(account.ask(6) == 0);
    CHECK(account.pay() == 0);
    CHECK(account.refund(6));
    CHECK(account.pay() == 6);
    CHECK(account.limit == 0);
    CHECK(account.used == 0);
}

TEST_CASE("a refund of a part leaves the account needed by the rest") {
    exo::Account account = HostMachine::account(10);
    REQUIRE(account.charge(4));
    account.references = 0;
    CHECK_FALSE(account.refund(3));
    CHECK(account.used == 1);
}

TEST_CASE("the refund of the last frame ends the need for an account nobody refers to") {
    exo::Account account = HostMachine::account(10);
    REQUIRE(account.charge(4));
    account.references = 0;
    CHECK_FALSE(account.refund(1));
    CHECK(account.refund(3));
}

TEST_CASE("quota that is given on is gone until it is given back") {
    exo::Account parent = HostMachine::account(10);
    REQUIRE(parent.charge(7));  // the limit of an account made from it
    CHECK(parent.charge(4).error() == Status::quota_exceeded);
    REQUIRE(parent.charge(3));
    CHECK_FALSE(parent.refund(7));
    CHECK(parent.charge(7));
}
