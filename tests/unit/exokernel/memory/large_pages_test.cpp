// tests/unit/exokernel/memory/large_pages_test.cpp - AddressSpace: pages of 2 MiB and 1 GiB.
#include "doctest/doctest.h"
#include "exokernel/memory/address_space.hpp"
#include "tests/unit/exokernel/memory/space.hpp"

using exo::AddressSpace;
using exo::frames;
using exo::PageEntry;
using exo::Protection;
using lamina::Status;

namespace {

constexpr std::uint64_t base = 4 * gib;
constexpr std::uint32_t large = 512;  ///< Frames of a page of 2 MiB.
constexpr auto read_2m = Protection::read | Protection::size_2m;
constexpr auto write_2m = read_2m | Protection::write;
constexpr auto read_1g = Protection::read | Protection::size_1g;

/// A run of two large pages, aligned to their size.
struct LargeMachine : SpaceMachine {
    LargeMachine() {
        big = *frames.alloc_run(2 * large, rich);
        REQUIRE(big.value % large == 0);
        static_cast<exo::Capability&>(big_source) =
            frames.capability(big, 2 * large, exo::Rights::all);
        big_source.siblings.close();
        big_source.children.close();
    }

    Status map(std::uint64_t address, std::uint64_t first, std::uint64_t count, Protection use) {
        return status_of(space.map(address, big_source, first, count, {use, use}));
    }
    Status unmap(std::uint64_t address, std::uint64_t count) {
        return status_of(space.unmap(address, count));
    }
    Status protect(std::uint64_t address, std::uint64_t count, Protection use) {
        return status_of(space.protect(address, count, AddressSpace::Change(use)));
    }
    static Status status_of(const exo::Result<void>& result) {
        return result ? Status::ok : result.error();
    }
    /// The entry of level 2 that an address goes through; 0 without a table.
    std::uint64_t middle(std::uint64_t address) const {
        std::uint64_t table = space.root().value;
        for (const int shift : {39, 30}) {
            const auto entry = memory.object<std::uint64_t>(table + (address >> shift) % 512 * 8);
            if ((entry & PageEntry::present) == 0) return 0;
            table = entry & PageEntry::address_mask;
        }
        return memory.object<std::uint64_t>(table + (address >> 21) % 512 * 8);
    }
    std::byte* at(std::uint64_t frame, std::uint64_t offset) const {
        return memory.at((big.value + frame) * page + offset);
    }
    std::uint32_t references() const { return frames.info(big).references; }

    exo::Account rich = HostMachine::account(2 * large);
    exo::FrameNumber big;
    exo::CapSlot big_source;
};

}  // namespace

TEST_CASE_FIXTURE(LargeMachine, "a page of 2 MiB is one entry of level 2, marked large") {
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    CHECK((middle(base) & PageEntry::address_mask) == exo::address_of(big).value);
    CHECK((middle(base) & PageEntry::large) != 0);
    CHECK(middle(base + mib2) == 0);
}

TEST_CASE_FIXTURE(LargeMachine, "each byte of a large page is found at its own place") {
    REQUIRE(map(base, large, large, read_2m) == Status::ok);
    CHECK(space.find(base, false) == at(large, 0));
    CHECK(space.find(base + page + 5, false) == at(large + 1, 5));
    CHECK(space.find(base + mib2 - 1, false) == at(2 * large - 1, page - 1));
    CHECK(space.find(base + mib2, false) == nullptr);
    CHECK(space.find(base - 1, false) == nullptr);
}

TEST_CASE_FIXTURE(LargeMachine, "a large page is written only if it is mapped so") {
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    REQUIRE(map(base + mib2, large, large, write_2m) == Status::ok);
    CHECK(space.find(base + 7 * page, true) == nullptr);
    CHECK(space.find(base + mib2 + 7 * page, true) == at(large + 7, 0));
}

TEST_CASE_FIXTURE(LargeMachine, "large pages that are not executable say so") {
    REQUIRE(map(base, 0, large, write_2m) == Status::ok);
    REQUIRE(map(base + mib2, large, large, read_2m | Protection::execute) == Status::ok);
    CHECK((middle(base) & PageEntry::no_execute) != 0);
    CHECK((middle(base + mib2) & PageEntry::no_execute) == 0);
}

TEST_CASE_FIXTURE(LargeMachine, "an address that is no multiple of 2 MiB is bad for a large page") {
    const auto before = state();
    CHECK(map(base + page, 0, large, read_2m) == Status::bad_address);
    CHECK(map(base + mib1, 0, large, read_2m) == Status::bad_address);
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(LargeMachine,
                  "frames that do not begin at a multiple of 2 MiB make no large page") {
    const auto before = state();
    CHECK(map(base, 1, large, read_2m) == Status::bad_argument);
    CHECK(map(base, large - 1, large, read_2m) == Status::bad_argument);
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(LargeMachine, "a count that is no multiple of 2 MiB makes no large page") {
    const auto before = state();
    for (const std::uint32_t count : {1U, large - 1, large + 1, 2 * large - 1})
        CHECK(map(base, 0, count, read_2m) == Status::bad_argument);
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(LargeMachine, "a mapping has one size, not two") {
    CHECK(map(base, 0, large, read_2m | Protection::size_1g) == Status::bad_argument);
    CHECK(middle(base) == 0);
}

TEST_CASE_FIXTURE(LargeMachine, "a page of 1 GiB wants a GiB of frames, aligned to it") {
    CHECK(map(base, 0, large, read_1g) == Status::bad_argument);
    CHECK(map(base, 0, 2 * large, read_1g) == Status::bad_argument);
    CHECK(state() == state());
    CHECK(middle(base) == 0);
}

TEST_CASE_FIXTURE(LargeMachine, "part of a large page can be neither unmapped nor changed") {
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    const auto before = middle(base);
    for (const std::uint64_t offset : {std::uint64_t{0}, page, mib1, mib2 - page}) {
        CHECK(unmap(base + offset, 1) == Status::partial_page);
        CHECK(protect(base + offset, 1, Protection::read) == Status::partial_page);
    }
    CHECK(unmap(base, large - 1) == Status::partial_page);
    CHECK(unmap(base + page, large - 1) == Status::partial_page);
    CHECK(middle(base) == before);
    CHECK(references() == 2);
}

TEST_CASE_FIXTURE(LargeMachine,
                  "a range that starts or ends inside a large page is refused as a whole") {
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    REQUIRE(map(base + mib2, large, large, read_2m) == Status::ok);
    CHECK(unmap(base, large + 1) == Status::partial_page);
    CHECK(unmap(base + page, large) == Status::partial_page);
    CHECK(unmap(base + page, 2 * large - 1) == Status::partial_page);
    CHECK(protect(base + mib1, 3 * large / 2, Protection::read) == Status::partial_page);
    CHECK(middle(base) != 0);
    CHECK(middle(base + mib2) != 0);
}

TEST_CASE_FIXTURE(LargeMachine, "a large page counts one reference to its run") {
    REQUIRE(map(base, 0, 2 * large, read_2m) == Status::ok);
    CHECK(references() == 3);
    CHECK(unmap(base, large) == Status::ok);
    CHECK(references() == 2);
    CHECK(unmap(base + mib2, large) == Status::ok);
    CHECK(references() == 1);
}

TEST_CASE_FIXTURE(LargeMachine, "a large page is one child of what it was mapped by") {
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    CHECK(big_source.children.next == &space.link_of(base));
    CHECK(space.link_of(base).next == &big_source.children);
    const auto found = AddressSpace::mapping_of(space.link_of(base));
    CHECK(found.space == &space);
    CHECK(found.address == base);
    CHECK(found.frame == big);
    CHECK(found.count == large);
    REQUIRE(unmap(base, large) == Status::ok);
    CHECK(big_source.children.alone());
}

TEST_CASE_FIXTURE(LargeMachine,
                  "the link of a large page in the second half of its table finds it") {
    const std::uint64_t upper = base + 300 * mib2;
    REQUIRE(map(upper, large, large, read_2m) == Status::ok);
    const auto found = AddressSpace::mapping_of(*big_source.children.next);
    CHECK(found.address == upper);
    CHECK(found.frame == big + large);
    REQUIRE(unmap(upper, large) == Status::ok);
}

TEST_CASE_FIXTURE(LargeMachine, "nothing is mapped over a large page, in whatever size") {
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    const auto before = state();
    CHECK(map(base, large, large, read_2m) == Status::already_mapped);
    CHECK(map(base + page, large, 1, Protection::read) == Status::already_mapped);
    CHECK(map(base + mib2 - page, large, 2, Protection::read) == Status::already_mapped);
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(LargeMachine, "a large page does not go where a small one is") {
    REQUIRE(map(base + 9 * page, 0, 1, Protection::read) == Status::ok);
    CHECK(map(base, large, large, read_2m) == Status::already_mapped);
    CHECK(space.find(base + 9 * page, false) == at(0, 0));
    CHECK(references() == 2);
}

TEST_CASE_FIXTURE(LargeMachine, "a table that has become empty makes room for a large page") {
    REQUIRE(map(base + 9 * page, 0, 1, Protection::read) == Status::ok);
    REQUIRE(unmap(base + 9 * page, 1) == Status::ok);
    const std::uint64_t used = account.used;
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    // The table and its links have gone, links of level 2 have come.
    CHECK(account.used == used - 1);
    CHECK(space.find(base + 9 * page, false) == at(9, 0));
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(LargeMachine,
                  "where a table was freed for a large page, small ones can come again") {
    REQUIRE(map(base, 0, 1, Protection::read) == Status::ok);
    REQUIRE(unmap(base, 1) == Status::ok);
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    REQUIRE(unmap(base, large) == Status::ok);
    REQUIRE(map(base + page, 3, 1, Protection::read) == Status::ok);
    CHECK(space.find(base + page, false) == at(3, 0));
    CHECK(space.find(base, false) == nullptr);
    REQUIRE(unmap(base + page, 1) == Status::ok);
    CHECK(references() == 1);
}

TEST_CASE_FIXTURE(LargeMachine, "protecting a large page keeps its size and its frame") {
    REQUIRE(status_of(space.map(base, big_source, 0, large, {read_2m, write_2m})) == Status::ok);
    REQUIRE(protect(base, large, Protection::read | Protection::write) == Status::ok);
    CHECK((middle(base) & PageEntry::large) != 0);
    CHECK((middle(base) & PageEntry::address_mask) == exo::address_of(big).value);
    CHECK(space.find(base + page, true) == at(1, 0));
}

TEST_CASE_FIXTURE(LargeMachine, "a large page is never allowed more than its mapping was") {
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    CHECK(protect(base, large, Protection::read | Protection::write) == Status::missing_right);
    CHECK(protect(base, large, Protection::read | Protection::execute) == Status::missing_right);
    CHECK(space.find(base, true) == nullptr);
}

TEST_CASE_FIXTURE(LargeMachine, "pages of both sizes can be unmapped in one range") {
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    REQUIRE(map(base + mib2, large, 3, Protection::read) == Status::ok);
    CHECK(space.first_unmapped(base, large + 4) == base + mib2 + 3 * page);
    REQUIRE(unmap(base, large + 3) == Status::ok);
    CHECK(references() == 1);
    CHECK(big_source.children.alone());
}

TEST_CASE_FIXTURE(LargeMachine, "large pages cost their account a link frame and no table below") {
    const std::uint64_t before = account.used;
    REQUIRE(map(base, 0, 2 * large, read_2m) == Status::ok);
    CHECK(account.used == before + 3);  // tables of level 3 and 2, links
}

TEST_CASE_FIXTURE(LargeMachine, "without quota for its tables a large page leaves no trace") {
    const auto before = state();
    const auto limit = account.limit;
    for (std::uint64_t spare = 0; spare < 3; ++spare) {
        account.limit = account.used + spare;
        CHECK(map(base, 0, large, read_2m) == Status::quota_exceeded);
        account.limit = limit;
        CHECK(state() == before);
    }
}

TEST_CASE_FIXTURE(LargeMachine, "clearing a space takes large pages and their links") {
    REQUIRE(map(base, 0, large, read_2m) == Status::ok);
    REQUIRE(map(base + gib, large, 5, Protection::read) == Status::ok);
    while (!space.clear_some(100))
        ;
    CHECK(references() == 1);
    CHECK(big_source.children.alone());
    CHECK(account.used == 1);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(LargeMachine, "software bits are kept in the entries, of either size") {
    constexpr auto tag = Protection(0x500);
    REQUIRE(map(base, 0, large, read_2m | tag) == Status::ok);
    REQUIRE(map(base + mib2, large, 1, Protection::read | tag) == Status::ok);
    CHECK((middle(base) & PageEntry::software) == 0x500ULL << 1);
    CHECK((leaf(base + mib2) & PageEntry::software) == 0x500ULL << 1);
    REQUIRE(protect(base + mib2, 1, Protection::read) == Status::ok);
    CHECK((leaf(base + mib2) & PageEntry::software) == 0);
}
