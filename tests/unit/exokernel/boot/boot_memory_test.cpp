// tests/unit/exokernel/boot/boot_memory_test.cpp - BootInfo::alloc: pages before the frame table.
#include "exokernel/boot/boot_info.hpp"

#include <algorithm>

#include "doctest/doctest.h"
#include "tests/unit/exokernel/machine.hpp"

using exo::boot::BootInfo;

namespace {

constexpr std::uint64_t page = exo::page_size;

struct Fixture {
    HostMemory memory{64};
    BootInfo boot;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "pages come off the end of the largest range and are usable no more") {
    boot.add_usable(1 * page, 5 * page);
    boot.add_usable(10 * page, 30 * page);
    CHECK(boot.alloc(page).value == 29 * page);
    CHECK(boot.alloc(3 * page).value == 26 * page);
    CHECK(boot.usable[1].end == 26 * page);
    CHECK(boot.usable[0].end == 5 * page);
}

TEST_CASE_FIXTURE(Fixture, "a part of a page is a page") {
    boot.add_usable(1 * page, 10 * page);
    CHECK(boot.alloc(1).value == 9 * page);
    CHECK(boot.alloc(page + 1).value == 7 * page);
}

TEST_CASE_FIXTURE(Fixture, "pages are zeroed, and no others") {
    boot.add_usable(1 * page, 10 * page);
    const std::uint64_t at = boot.alloc(2 * page).value;
    const auto zero = [](std::byte byte) { return byte == std::byte{0}; };
    CHECK(std::all_of(memory.at(at), memory.at(at + 2 * page), zero));
    CHECK(*memory.at(at - 1) == std::byte{0xa5});
    CHECK(*memory.at(at + 2 * page) == std::byte{0xa5});
}

TEST_CASE_FIXTURE(Fixture, "memory that cannot be reached before the kernel's map is not used") {
    boot.add_usable(1 * page, 3 * page);
    boot.add_usable(4ULL << 30, 8ULL << 30);
    boot.add_usable((4ULL << 30) - page, (4ULL << 30) + page);
    CHECK(boot.alloc(page).value == 2 * page);
}

TEST_CASE_FIXTURE(Fixture, "boot ends with a clear line when memory does not suffice") {
    boot.add_usable(1 * page, 3 * page);
    CHECK(panic_of([&] { (void)boot.alloc(3 * page); }) == "panic: not enough memory to boot");
}
