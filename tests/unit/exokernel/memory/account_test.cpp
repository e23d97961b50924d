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

TEST_CASE("a refund to an account that somebody refers to leaves it needed") {
    exo::Account account = HostMachine::account(10);
    REQUIRE(account.charge(4));
    CHECK_FALSE(account.refund(4));
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
