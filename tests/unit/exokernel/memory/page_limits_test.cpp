// tests/unit/exokernel/memory/page_limits_test.cpp - AddressSpace: what no page may be, whatever
// was mapped beside it.
#include "doctest/doctest.h"
#include "exokernel/memory/address_space.hpp"
#include "tests/unit/exokernel/memory/space.hpp"

using exo::AddressSpace;
using exo::Protection;
using lamina::Status;
using lamina::user_end;
using lamina::user_start;

namespace {

constexpr std::uint64_t base = 4 * gib;
/// The first address that is not canonical; the page below it is nobody's.
constexpr std::uint64_t hole = 0x8000'0000'0000;

struct LimitMachine : SpaceMachine {
    Status map(std::uint64_t address, std::uint64_t count = 1) {
        return status_of(space.map(address, source, 0, count, {read_write, read_write}));
    }
    Status unmap(std::uint64_t address, std::uint64_t count = 1) {
        return status_of(space.unmap(address, count));
    }
    Status protect(std::uint64_t address, std::uint64_t count = 1) {
        return status_of(space.protect(address, count, AddressSpace::Change(read_only)));
    }
    static Status status_of(const exo::Result<void>& result) {
        return result ? Status::ok : result.error();
    }
    /// That nothing can be done with a page, and nothing changes.
    void expect_bad(std::uint64_t address) {
        const auto before = state();
        CHECK(map(address) == Status::bad_address);
        CHECK(protect(address) == Status::bad_address);
        CHECK(unmap(address) == Status::bad_address);
        CHECK(space.find(address, false) == nullptr);
        CHECK(state() == before);
    }
};

}  // namespace

TEST_CASE_FIXTURE(LimitMachine, "the page below the non-canonical hole is never mapped") {
    CHECK(user_end == hole - page);
    expect_bad(user_end);
}

TEST_CASE_FIXTURE(LimitMachine,
                  "nor when the pages before it are mapped, and their table is known") {
    REQUIRE(map(user_end - 3 * page, 3) == Status::ok);
    expect_bad(user_end);
    REQUIRE(unmap(user_end - page) == Status::ok);
    expect_bad(user_end);
}

TEST_CASE_FIXTURE(LimitMachine, "page 0 is never mapped") { expect_bad(0); }

TEST_CASE_FIXTURE(LimitMachine,
                  "nor when the pages behind it are mapped, and their table is known") {
    REQUIRE(map(user_start, 3) == Status::ok);
    expect_bad(0);
    REQUIRE(unmap(user_start) == Status::ok);
    expect_bad(0);
}

TEST_CASE_FIXTURE(LimitMachine, "no address of the hole or of the kernel's half is mapped") {
    for (const std::uint64_t address :
         {hole, hole + page, 0xffff'7fff'ffff'f000, 0xffff'8000'0000'0000, 0xffff'ffff'ffff'f000})
        expect_bad(address);
}

TEST_CASE_FIXTURE(LimitMachine, "a range that would reach the last page is bad from its first") {
    const auto before = state();
    CHECK(map(user_end - page, 2) == Status::bad_address);
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(LimitMachine, "a range whose end wraps is bad") {
    const auto before = state();
    CHECK(map(0xffff'ffff'ffff'f000, 2) == Status::bad_address);
    CHECK(unmap(0xffff'ffff'ffff'f000, 2) == Status::bad_address);
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(LimitMachine, "an address inside a page is bad, known table or not") {
    for (int round = 0; round < 2; ++round) {
        for (const std::uint64_t offset : {std::uint64_t{1}, std::uint64_t{8}, page - 1}) {
            CHECK(map(base + offset) == Status::bad_address);
            CHECK(unmap(base + offset) == Status::bad_address);
            CHECK(protect(base + offset) == Status::bad_address);
        }
        if (round == 0) REQUIRE(map(base) == Status::ok);
    }
    CHECK(space.find(base, true) != nullptr);
}

TEST_CASE_FIXTURE(LimitMachine, "no pages at all are a bad count") {
    REQUIRE(map(base) == Status::ok);
    const auto before = state();
    CHECK(map(base + page, 0) == Status::bad_argument);
    CHECK(unmap(base, 0) == Status::bad_argument);
    CHECK(protect(base, 0) == Status::bad_argument);
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(LimitMachine, "one call changes 512 entries and not one more") {
    CHECK(unmap(base, lamina::pages_per_call_max) == Status::not_mapped);
    CHECK(unmap(base, ~std::uint64_t{0}) == Status::bad_argument);
    for (std::uint64_t i = 0; i < 9; ++i)
        REQUIRE(map(base + i * run_pages * page, run_pages) == Status::ok);
    CHECK(unmap(base, lamina::pages_per_call_max + 1) == Status::bad_argument);
    CHECK(protect(base, lamina::pages_per_call_max + 1) == Status::bad_argument);
    CHECK(unmap(base, lamina::pages_per_call_max) == Status::ok);
    CHECK(space.first_unmapped(base + lamina::pages_per_call_max * page, run_pages) ==
          base + 9 * run_pages * page);
}

TEST_CASE_FIXTURE(LimitMachine,
                  "a page that is taken is refused the same way, known table or not") {
    REQUIRE(map(base) == Status::ok);
    CHECK(map(base) == Status::already_mapped);  // known
    REQUIRE(map(base + gib) == Status::ok);
    for (std::uint64_t i = 1; i < 40; ++i)  // more than are known at once
        REQUIRE(map(base + i * mib1) == Status::ok);
    CHECK(map(base) == Status::already_mapped);
    CHECK(references() == 42);
}

TEST_CASE_FIXTURE(LimitMachine, "what lies behind a hole in a range is told as its first address") {
    REQUIRE(map(base, 4) == Status::ok);
    REQUIRE(unmap(base + 2 * page) == Status::ok);
    CHECK(unmap(base, 4) == Status::not_mapped);
    CHECK(space.first_unmapped(base, 4) == base + 2 * page);
    CHECK(space.first_unmapped(base + gib, 1) == base + gib);
    CHECK(space.first_unmapped(base, 2) == base + 2 * page);
}
