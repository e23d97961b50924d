// tests/unit/exokernel/memory/user_memory_test.cpp - UserRange: what is checked, what is copied.
#include "exokernel/memory/user_memory.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <vector>

#include "doctest/doctest.h"
#include "tests/unit/exokernel/memory/space.hpp"

using exo::UserRange;
using lamina::Status;
using lamina::user_end;
using lamina::user_start;

namespace {

constexpr std::uint64_t base = 4 * gib;
constexpr std::uint64_t untouched = 0x1234;

/// Four writable pages whose frames are not neighbours, then a read-only one.
struct UserMachine : SpaceMachine {
    UserMachine() {
        const std::uint32_t order[] = {9, 2, 30, 17};
        for (std::uint32_t i = 0; i < 4; ++i)
            REQUIRE(space.map(base + i * page, source, order[i], 1, {read_write, read_write}));
        REQUIRE(space.map(base + 4 * page, source, 40, 1, {read_only, read_only}));
    }

    Status check(std::uint64_t address, std::uint64_t bytes, bool write = false) {
        failed = untouched;
        const auto range = UserRange::check(space, address, bytes, write, failed);
        return range ? Status::ok : range.error();
    }
    UserRange range(std::uint64_t address, std::uint64_t bytes, bool write) {
        return *UserRange::check(space, address, bytes, write, failed);
    }

    std::uint64_t failed = untouched;
};

std::vector<std::byte> pattern(std::size_t bytes) {
    std::vector<std::byte> made(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        made[i] = std::byte(1 + i % 251);
    return made;
}

}  // namespace

TEST_CASE_FIXTURE(UserMachine, "mapped memory passes, down to single bytes at its ends") {
    CHECK(check(base, 1) == Status::ok);
    CHECK(check(base + 5 * page - 1, 1) == Status::ok);
    CHECK(check(base, 5 * page) == Status::ok);
    CHECK(check(base, 4 * page, true) == Status::ok);
    CHECK(failed == untouched);
}

TEST_CASE_FIXTURE(UserMachine, "the first byte that is not mapped is told") {
    CHECK(check(base + 5 * page, 1) == Status::not_mapped);
    CHECK(failed == base + 5 * page);
    CHECK(check(base + 4 * page + 100, page) == Status::not_mapped);
    CHECK(failed == base + 5 * page);
    CHECK(check(base - 10, 20) == Status::not_mapped);
    CHECK(failed == base - 10);
}

TEST_CASE_FIXTURE(UserMachine, "one byte too many is one too many") {
    CHECK(check(base + 1, 5 * page) == Status::not_mapped);
    CHECK(failed == base + 5 * page);
}

TEST_CASE_FIXTURE(UserMachine, "a hole in the middle is found") {
    REQUIRE(space.unmap(base + 2 * page, 1));
    CHECK(check(base, 4 * page) == Status::not_mapped);
    CHECK(failed == base + 2 * page);
}

TEST_CASE_FIXTURE(UserMachine, "a read-only page fails a write at its first byte in the range") {
    CHECK(check(base + 3 * page, 2 * page, true) == Status::not_mapped);
    CHECK(failed == base + 4 * page);
    CHECK(check(base + 4 * page + 8, 8, true) == Status::not_mapped);
    CHECK(failed == base + 4 * page + 8);
    CHECK(check(base + 3 * page, 2 * page, false) == Status::ok);
}

TEST_CASE_FIXTURE(UserMachine, "addresses outside the user half are bad, and no address is told") {
    CHECK(check(0, 8) == Status::bad_address);
    CHECK(check(user_start - 1, 8) == Status::bad_address);
    CHECK(check(user_end, 1) == Status::bad_address);
    CHECK(check(user_end - 8, 9) == Status::bad_address);
    CHECK(check(0x0000'8000'0000'0000, 8) == Status::bad_address);
    CHECK(check(0xffff'8000'0000'0000, 8) == Status::bad_address);
    CHECK(check(0xffff'ffff'8020'0000, 8) == Status::bad_address);
    CHECK(failed == untouched);
}

TEST_CASE_FIXTURE(UserMachine, "a range whose end wraps is bad") {
    CHECK(check(base, ~std::uint64_t{0}) == Status::bad_address);
    CHECK(check(base, ~std::uint64_t{0} - base + 1) == Status::bad_address);
    CHECK(check(~std::uint64_t{0}, 2) == Status::bad_address);
}

TEST_CASE_FIXTURE(UserMachine, "a range of no bytes needs no memory, but a user address") {
    CHECK(check(base + gib, 0) == Status::ok);
    CHECK(check(user_end, 0) == Status::ok);
    CHECK(check(0, 0) == Status::bad_address);
    CHECK(check(user_end + 1, 0) == Status::bad_address);
}

TEST_CASE_FIXTURE(UserMachine, "bytes are copied in, page by page, each from its own frame") {
    const auto source = pattern(4 * page);
    for (std::size_t i = 0; i < source.size(); ++i)
        *space.find(base + i, true) = source[i];
    std::vector<std::byte> target(3 * page);
    range(base + 100, target.size(), false).copy_in(target.data());
    CHECK(std::equal(target.begin(), target.end(), source.begin() + 100));
}

TEST_CASE_FIXTURE(UserMachine, "bytes are copied out to the whole range and not beyond") {
    for (std::uint64_t i = 0; i < 4 * page; ++i)
        *space.find(base + i, true) = std::byte{0xee};
    const auto source = pattern(2 * page + 10);
    range(base + page - 5, source.size(), true).copy_out(source.data());
    for (std::uint64_t i = 0; i < 4 * page; ++i) {
        const bool inside = i >= page - 5 && i < page - 5 + source.size();
        const std::byte expected = inside ? source[i - (page - 5)] : std::byte{0xee};
        REQUIRE(*space.find(base + i, false) == expected);
    }
}

TEST_CASE_FIXTURE(UserMachine, "what is copied out comes back by copying in") {
    const auto source = pattern(3 * page + 1);
    range(base + 77, source.size(), true).copy_out(source.data());
    std::vector<std::byte> target(source.size());
    range(base + 77, target.size(), false).copy_in(target.data());
    CHECK(target == source);
}

TEST_CASE_FIXTURE(UserMachine, "copying in writes exactly the range's bytes") {
    std::array<std::byte, 12> target;
    target.fill(std::byte{0x77});
    range(base + page - 4, 8, false).copy_in(target.data() + 2);
    CHECK(target[1] == std::byte{0x77});
    CHECK(target[10] == std::byte{0x77});
}
