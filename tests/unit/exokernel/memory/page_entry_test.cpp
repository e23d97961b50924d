// tests/unit/exokernel/memory/page_entry_test.cpp - page-table indices, spans and entry bits.
#include "exokernel/memory/page_entry.hpp"

#include "doctest/doctest.h"

using exo::entry_index;
using exo::entry_span;
using exo::PageEntry;

TEST_CASE("an address goes through nine bits of itself a level") {
    const std::uint64_t address = 0x0000'7f80'c0e0'3fff;  // 255, 3, 7, 3
    CHECK(entry_index(address, 4) == 255);
    CHECK(entry_index(address, 3) == 3);
    CHECK(entry_index(address, 2) == 7);
    CHECK(entry_index(address, 1) == 3);
}

TEST_CASE("the bits above level 4 do not matter to an index") {
    CHECK(entry_index(0xffff'8000'0000'0000, 4) == 256);
    CHECK(entry_index(0xffff'ffff'ffff'ffff, 4) == 511);
}

TEST_CASE("an entry covers 4 KiB, 2 MiB, 1 GiB or 512 GiB") {
    CHECK(entry_span(1) == 4096);
    CHECK(entry_span(2) == 2ULL << 20);
    CHECK(entry_span(3) == 1ULL << 30);
    CHECK(entry_span(4) == 512ULL << 30);
}

TEST_CASE("the target of an entry has none of its flags") {
    const PageEntry entry{0x0000'1234'5678'9000 | PageEntry::present | PageEntry::global |
                          PageEntry::no_execute | 0x7ff0'0000'0000'0000};
    CHECK(entry.target().value == 0x0000'1234'5678'9000);
    CHECK(entry.is_present());
    CHECK_FALSE(PageEntry{~PageEntry::present}.is_present());
}
