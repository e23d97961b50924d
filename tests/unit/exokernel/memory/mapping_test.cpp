// tests/unit/exokernel/memory/mapping_test.cpp - mapped pages as children of what they came from.
#include <vector>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/memory/space.hpp"

using exo::AddressSpace;
using exo::Link;

namespace {

constexpr std::uint64_t base = 4 * gib;

/// The addresses of the pages in a ring, oldest first; each must be of `space` and mapped to the
/// frame that its link says.
std::vector<std::uint64_t> pages_of(const SpaceMachine& machine, const AddressSpace& space,
                                    const Link& head) {
    std::vector<std::uint64_t> pages;
    for (const Link* link = head.next; link != &head; link = link->next) {
        const AddressSpace::Mapping found = AddressSpace::mapping_of(*link);
        CHECK(found.space == &space);
        CHECK((machine.leaf_of(space, found.address) & exo::PageEntry::address_mask) ==
              exo::address_of(found.frame).value);
        CHECK(link->next->previous == link);
        pages.push_back(found.address);
    }
    return pages;
}

}  // namespace

TEST_CASE_FIXTURE(SpaceMachine, "pages enter the ring they were mapped by, in order") {
    REQUIRE(space.map(base + mib2 - page, source, 0, 3, {read_only, read_only}));
    REQUIRE(space.map(base, source, 9, 1, {read_only, read_only}));
    CHECK(pages_of(*this, space, source.children) ==
          std::vector{base + mib2 - page, base + mib2, base + mib2 + page, base});
}

TEST_CASE_FIXTURE(SpaceMachine, "unmapping takes exactly the page's link out of the ring") {
    REQUIRE(space.map(base, source, 0, 4, {read_only, read_only}));
    REQUIRE(space.unmap(base + page, 2));
    CHECK(pages_of(*this, space, source.children) == std::vector{base, base + 3 * page});
    REQUIRE(space.unmap(base, 1));
    REQUIRE(space.unmap(base + 3 * page, 1));
    CHECK(source.children.alone());
    REQUIRE(space.map(base + page, source, 0, 1, {read_only, read_only}));
    CHECK(pages_of(*this, space, source.children) == std::vector{base + page});
}

TEST_CASE_FIXTURE(SpaceMachine, "a refused mapping enters no ring") {
    REQUIRE(space.map(base + page, source, 0, 1, {read_only, read_only}));
    CHECK_FALSE(space.map(base, source, 0, 3, {read_only, read_only}));
    account.limit = account.used;
    CHECK_FALSE(space.map(base + gib, source, 0, 3, {read_only, read_only}));
    CHECK(pages_of(*this, space, source.children) == std::vector{base + page});
}

TEST_CASE_FIXTURE(SpaceMachine, "one ring holds pages of several spaces") {
    AddressSpace other;
    REQUIRE(other.create(account, kernel_root));
    REQUIRE(space.map(base, source, 0, 1, {read_only, read_only}));
    REQUIRE(other.map(base, source, 0, 1, {read_only, read_only}));
    CHECK(AddressSpace::mapping_of(*source.children.next).space == &space);
    CHECK(AddressSpace::mapping_of(*source.children.previous).space == &other);
    REQUIRE(space.unmap(base, 1));
    CHECK(pages_of(*this, other, source.children) == std::vector{base});
    CHECK(other.clear_some(~0U));
    CHECK(source.children.alone());
    other.destroy();
}

TEST_CASE_FIXTURE(SpaceMachine, "clearing a space empties the rings its pages are in") {
    exo::CapSlot second;
    make_source(second);
    REQUIRE(space.map(base, source, 0, 20, {read_only, read_only}));
    REQUIRE(space.map(base + gib, second, 0, 20, {read_only, read_only}));
    while (!space.clear_some(7)) {
        for (const Link* head : {&source.children, &second.children})
            for (const Link* link = head->next; link != head; link = link->next)
                REQUIRE(link->next->previous == link);
    }
    CHECK(source.children.alone());
    CHECK(second.children.alone());
}

TEST_CASE_FIXTURE(SpaceMachine, "random maps and unmaps keep the ring the list of what is mapped") {
    mutation::Random random(5);
    for (int step = 0; step < 3'000; ++step) {
        const std::uint64_t address = base + random.below(600) * page;
        const auto count = std::uint32_t(1 + random.below(8));
        if (random.below(2) == 0)
            (void)space.map(address, source, 0, count, {read_write, read_write});
        else
            (void)space.unmap(address, count);
    }
    std::size_t mapped = 0;
    for (std::uint64_t i = 0; i < 700; ++i)
        mapped += leaf(base + i * page) != 0;
    CHECK(mapped > 20);
    CHECK(pages_of(*this, space, source.children).size() == mapped);
    CHECK(references() == mapped + 1);
}
