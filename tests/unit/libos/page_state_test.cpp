// tests/unit/libos/page_state_test.cpp - reading entries of page tables
#include "libos/vm/page_state.hpp"

#include "doctest/doctest.h"

using libos::maps_page;
using libos::page_state_of;
using libos::page_table_index;

TEST_CASE("each level takes nine bits of an address") {
    constexpr std::uint64_t address = 1ULL << 39 | 2ULL << 30 | 3ULL << 21 | 4ULL << 12 | 5;
    CHECK(page_table_index(address, 4) == 1);
    CHECK(page_table_index(address, 3) == 2);
    CHECK(page_table_index(address, 2) == 3);
    CHECK(page_table_index(address, 1) == 4);
    CHECK(page_table_index(~0ULL, 1) == 511);
}

TEST_CASE("an entry maps a page on level 1, and on levels 2 and 3 if it is large") {
    CHECK(maps_page(0x1001, 1));
    CHECK(maps_page(0x1081, 1));
    CHECK_FALSE(maps_page(0x1080, 1));
    CHECK_FALSE(maps_page(0x1001, 2));
    CHECK(maps_page(0x20'0081, 2));
    CHECK(maps_page(0x4000'0081, 3));
    CHECK_FALSE(maps_page(0x4000'0081, 4));
}

TEST_CASE("each bit of an entry means one thing") {
    const auto plain = page_state_of(1ULL << 63 | 0x7000 | 1, 1);
    CHECK(plain.frame == 7);
    CHECK(plain.frames == 1);
    CHECK_FALSE(plain.writable);
    CHECK_FALSE(plain.executable);
    CHECK_FALSE(plain.accessed);
    CHECK_FALSE(plain.dirty);
    CHECK(plain.software == 0);
    CHECK(page_state_of(1ULL << 63 | 1 << 1, 1).writable);
    CHECK(page_state_of(0, 1).executable);
    CHECK(page_state_of(1 << 5, 1).accessed);
    CHECK(page_state_of(1 << 6, 1).dirty);
    CHECK(page_state_of(5 << 9, 1).software == 5);
    // The kernel's own bits above the address are no part of it.
    CHECK(page_state_of(7ULL << 52 | 0x7000, 1).frame == 7);
    CHECK(page_state_of(0x000f'ffff'ffff'f000, 1).frame == 0xff'ffff'ffff);
}

TEST_CASE("a large page has the frames of its size") {
    const auto large = page_state_of(0x60'1000 | 0x81, 2);
    CHECK(large.frame == 0x600);
    CHECK(large.frames == 512);
    CHECK(page_state_of(0x8000'0081, 3).frames == 512 * 512);
    CHECK(page_state_of(0x8000'0081, 3).frame == 0x8'0000);
}
