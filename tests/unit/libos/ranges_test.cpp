// tests/unit/libos/ranges_test.cpp - the address range allocator, against a plain model too.
#include <cstdint>
#include <vector>

#include "doctest/doctest.h"
#include "libos/vm/ranges.hpp"
#include "tests/mutation/mutation.hpp"

using lamina::Status;
using libos::RangeAllocator;

namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t first = 0x1000'0000;

RangeAllocator make(std::uint64_t pages) { return {first, first + pages * page}; }

}  // namespace

TEST_CASE("ranges are handed out in order and come back whole") {
    auto ranges = make(10);
    CHECK(*ranges.alloc(3) == first);
    CHECK(*ranges.alloc(7) == first + 3 * page);
    CHECK(ranges.alloc(1).error() == Status::limit_reached);
    CHECK(ranges.pages_free() == 0);
    REQUIRE(ranges.free(first, 3));
    REQUIRE(ranges.free(first + 3 * page, 7));
    CHECK(*ranges.alloc(10) == first);
}

TEST_CASE("the first range that fits is taken") {
    auto ranges = make(10);
    (void)*ranges.alloc(10);
    REQUIRE(ranges.free(first + 1 * page, 1));
    REQUIRE(ranges.free(first + 4 * page, 3));
    CHECK(*ranges.alloc(2) == first + 4 * page);
    CHECK(*ranges.alloc(1) == first + 1 * page);
    CHECK(*ranges.alloc(1) == first + 6 * page);
}

TEST_CASE("neighbours merge from either side and from both") {
    auto ranges = make(9);
    (void)*ranges.alloc(9);
    REQUIRE(ranges.free(first, 3));
    REQUIRE(ranges.free(first + 6 * page, 3));
    CHECK(ranges.alloc(4).error() == Status::limit_reached);
    REQUIRE(ranges.free(first + 3 * page, 3));
    CHECK(*ranges.alloc(9) == first);
}

TEST_CASE("bad requests change nothing") {
    auto ranges = make(8);
    (void)*ranges.alloc(4);
    CHECK(ranges.alloc(0).error() == Status::bad_argument);
    CHECK(ranges.alloc(5).error() == Status::limit_reached);
    CHECK(ranges.alloc(~0ULL).error() == Status::limit_reached);
    CHECK(ranges.free(first, 0).error() == Status::bad_argument);
    CHECK(ranges.free(first + 1, 1).error() == Status::bad_argument);
    CHECK(ranges.free(first - page, 1).error() == Status::bad_argument);
    CHECK(ranges.free(first + 8 * page, 1).error() == Status::bad_argument);
    CHECK(ranges.free(first, 9).error() == Status::bad_argument);
    CHECK(ranges.free(first, ~0ULL).error() == Status::bad_argument);
    CHECK(ranges.free(first + 4 * page, 1).error() == Status::bad_argument);
    CHECK(ranges.free(first + 3 * page, 2).error() == Status::bad_argument);
    CHECK(ranges.pages_free() == 4);
    REQUIRE(ranges.free(first, 4));
    CHECK(ranges.free(first, 4).error() == Status::bad_argument);
    CHECK(ranges.pages_free() == 8);
}

TEST_CASE("the ends of the whole range") {
    auto ranges = make(4);
    (void)*ranges.alloc(4);
    CHECK(ranges.free(first + 4 * page, ~0ULL).error() == Status::bad_argument);
    REQUIRE(ranges.free(first, 1));
    REQUIRE(ranges.free(first + 3 * page, 1));
    CHECK(ranges.pages_free() == 2);
    CHECK(*ranges.alloc(1) == first);
    CHECK(*ranges.alloc(1) == first + 3 * page);
}

TEST_CASE("one free range too many is refused") {
    const auto pages = RangeAllocator::free_ranges_max * 2 + 2;
    auto ranges = make(pages);
    (void)*ranges.alloc(pages);
    for (std::uint64_t i = 0; i < RangeAllocator::free_ranges_max; ++i)
        REQUIRE(ranges.free(first + i * 2 * page, 1));
    const auto last = first + RangeAllocator::free_ranges_max * 2 * page;
    CHECK(ranges.free(last, 1).error() == Status::limit_reached);
    // One that joins two ranges makes room.
    REQUIRE(ranges.free(first + page, 1));
    CHECK(ranges.free(last, 1));
}

TEST_CASE("20000 random steps agree with a bit per page") {
    constexpr std::uint64_t pages = 64;
    auto ranges = make(pages);
    std::vector<bool> used(pages);
    mutation::Random random(7);
    for (int step = 0; step < 20000; ++step) {
        const auto count = 1 + random.below(8);
        if (random.below(2) == 0) {
            const auto got = ranges.alloc(count);
            std::uint64_t fits = 0;
            std::uint64_t run = 0;
            while (fits < pages && run < count)
                run = used[fits++] ? 0 : run + 1;
            CHECK(got.has_value() == (run == count));
            if (!got) continue;
            CHECK((*got - first) / page == fits - count);
            for (auto i = fits - count; i < fits; ++i)
                used[i] = true;
        } else {
            const auto at = random.below(pages);
            bool all_used = at + count <= pages;
            for (auto i = at; all_used && i < at + count; ++i)
                all_used = used[i];
            const auto freed = ranges.free(first + at * page, count);
            CHECK(freed.has_value() == all_used);
            for (auto i = at; all_used && i < at + count; ++i)
                used[i] = false;
        }
    }
    std::uint64_t free = 0;
    for (const bool taken : used)
        free += taken ? 0 : 1;
    CHECK(ranges.pages_free() == free);
}
