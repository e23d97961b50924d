// tests/unit/exokernel/memory/address_space_test.cpp - AddressSpace: mapping, bits, tables,
// clearing.
#include "exokernel/memory/address_space.hpp"

#include <map>
#include <memory>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/memory/space.hpp"

using exo::AddressSpace;
using exo::frames;
using exo::FrameState;
using exo::PageEntry;
using exo::Protection;
using lamina::Status;
using lamina::user_end;
using lamina::user_start;

namespace {

constexpr std::uint64_t base = 4 * gib;
constexpr std::uint64_t flags = PageEntry::writable | PageEntry::user | PageEntry::no_execute;

}  // namespace

TEST_CASE_FIXTURE(SpaceMachine, "a new space maps nothing in the user half") {
    for (const std::uint64_t address : {user_start, base, user_end - page}) {
        CHECK(leaf(address) == 0);
        CHECK(space.find(address, false) == nullptr);
    }
}

TEST_CASE_FIXTURE(SpaceMachine, "a new space has the kernel's half, and only it") {
    for (std::uint64_t i = 0; i < 512; ++i)
        memory.object<std::uint64_t>(kernel_root.value + i * 8) = 0x1000 * i + 3;
    AddressSpace other;
    REQUIRE(other.create(account, kernel_root));
    for (std::uint64_t i = 0; i < 512; ++i)
        CHECK(memory.object<std::uint64_t>(other.root().value + i * 8) ==
              (i < 256 ? 0 : 0x1000 * i + 3));
}

TEST_CASE_FIXTURE(SpaceMachine, "a space costs its account one table until it is destroyed") {
    const auto before = state();
    {
        AddressSpace other;
        REQUIRE(other.create(account, kernel_root));
        CHECK(account.used == 2);
        CHECK(tables() == 3);
        other.destroy();
        CHECK(other.root().value == 0);
    }
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(SpaceMachine, "a space is not made without quota or frames; nothing changes") {
    const auto before = state();
    AddressSpace other;
    account.limit = account.used;
    CHECK(other.create(account, kernel_root).error() == Status::quota_exceeded);
    account.limit = 1000;
    CHECK(other.root().value == 0);
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(SpaceMachine, "a page is mapped to its frame, each of its bytes to its own") {
    REQUIRE(space.map(base, source, 3, 2, {read_write, read_write}));
    CHECK((leaf(base) & PageEntry::address_mask) == exo::address_of(run + 3).value);
    CHECK((leaf(base + page) & PageEntry::address_mask) == exo::address_of(run + 4).value);
    CHECK(space.find(base, true) == memory.at(exo::address_of(run + 3).value));
    CHECK(space.find(base + page + 0xabc, true) ==
          memory.at(exo::address_of(run + 4).value + 0xabc));
    CHECK(space.find(base - 1, false) == nullptr);
    CHECK(space.find(base + 2 * page, false) == nullptr);
}

TEST_CASE_FIXTURE(SpaceMachine, "read-only pages can be neither written nor executed") {
    REQUIRE(space.map(base, source, 0, 1, {read_only, read_only}));
    CHECK((leaf(base) & flags) == (PageEntry::user | PageEntry::no_execute));
}

TEST_CASE_FIXTURE(SpaceMachine, "writable pages cannot be executed") {
    REQUIRE(space.map(base, source, 0, 1, {read_write, read_write}));
    REQUIRE(space.map(base + page, source, 0, 1, {Protection::write, Protection::write}));
    for (const std::uint64_t address : {base, base + page})
        CHECK((leaf(address) & flags) ==
              (PageEntry::user | PageEntry::writable | PageEntry::no_execute));
}

TEST_CASE_FIXTURE(SpaceMachine, "executable pages cannot be written") {
    REQUIRE(space.map(base, source, 0, 1, {read_execute, read_execute}));
    REQUIRE(space.map(base + page, source, 0, 1, {Protection::execute, Protection::execute}));
    for (const std::uint64_t address : {base, base + page})
        CHECK((leaf(address) & flags) == PageEntry::user);
}

TEST_CASE_FIXTURE(SpaceMachine, "user pages are never global: they go when the space changes") {
    REQUIRE(space.map(base, source, 0, 1, {read_write, read_write}));
    CHECK((leaf(base) & PageEntry::global) == 0);
}

TEST_CASE_FIXTURE(SpaceMachine, "the tables on the way leave the decision to the leaf") {
    REQUIRE(space.map(base, source, 0, 1, {read_only, read_only}));
    std::uint64_t table = space.root().value;
    for (int shift = 39; shift > 12; shift -= 9) {
        const auto entry = memory.object<std::uint64_t>(table + (base >> shift) % 512 * 8);
        CHECK((entry & 0xfff) == (PageEntry::present | PageEntry::writable | PageEntry::user));
        CHECK((entry & PageEntry::no_execute) == 0);
        table = entry & PageEntry::address_mask;
    }
}

TEST_CASE_FIXTURE(SpaceMachine,
                  "tables and links are charged to the space's account, only where missing") {
    const auto cost = [&](std::uint64_t address) {
        const std::uint64_t before = account.used;
        REQUIRE(space.map(address, source, 0, 1, {read_only, read_only}));
        CHECK(tables() == account.used + 1);  // and the kernel's root
        return account.used - before;
    };
    CHECK(cost(base) == 3 + 1);
    CHECK(cost(base + page) == 0);
    CHECK(cost(base + 255 * page) == 0);
    CHECK(cost(base + 256 * page) == 1);
    CHECK(cost(base + 511 * page) == 0);
    CHECK(cost(base + mib2) == 1 + 1);
    CHECK(cost(base + gib) == 2 + 1);
    CHECK(cost(base + 512 * gib) == 3 + 1);
    CHECK(payer.used == run_pages);
}

TEST_CASE_FIXTURE(SpaceMachine, "a range may cross from one table to the next, at every level") {
    for (const std::uint64_t border : {base + mib2, base + gib, 512 * gib}) {
        REQUIRE(space.map(border - 4 * page, source, 0, 8, {read_only, read_only}));
        for (std::uint32_t i = 0; i < 8; ++i)
            CHECK(space.find(border - 4 * page + i * page, false) ==
                  memory.at(exo::address_of(run + i).value));
    }
}

TEST_CASE_FIXTURE(SpaceMachine, "the first and the last user page can be mapped") {
    REQUIRE(space.map(user_start, source, 0, 1, {read_only, read_only}));
    REQUIRE(space.map(user_end - page, source, 1, 1, {read_only, read_only}));
    CHECK(space.find(user_start, false) != nullptr);
    CHECK(space.find(user_end - 1, false) != nullptr);
}

TEST_CASE_FIXTURE(SpaceMachine, "what lies beside the user pages cannot be mapped, however near") {
    REQUIRE(space.map(user_start, source, 0, 1, {read_only, read_only}));
    REQUIRE(space.map(user_end - page, source, 1, 1, {read_only, read_only}));
    for (const std::uint64_t address : {user_start - page, user_end}) {
        CHECK(space.map(address, source, 2, 1, {read_only, read_only}).error() ==
              Status::bad_address);
        CHECK(leaf(address) == 0);
    }
}

TEST_CASE_FIXTURE(SpaceMachine, "each mapped page holds a reference to its run") {
    REQUIRE(space.map(base, source, 0, 5, {read_only, read_only}));
    CHECK(references() == 6);
    REQUIRE(space.map(base + gib, source, 2, 1, {read_write, read_write}));
    CHECK(references() == 7);
    REQUIRE(space.unmap(base, 5));
    CHECK(references() == 2);
}

TEST_CASE_FIXTURE(SpaceMachine, "a run outlives its last capability while a page of it is mapped") {
    REQUIRE(space.map(base, source, 7, 1, {read_write, read_write}));
    frames.release(run);
    CHECK(frames.info(run).state == FrameState::run_head);
    REQUIRE(space.unmap(base, 1));
    CHECK(frames.info(run).state != FrameState::run_head);
    CHECK(payer.used == 0);
}

TEST_CASE_FIXTURE(SpaceMachine, "nothing is mapped if one page of the range is mapped already") {
    for (const std::uint32_t taken : {0U, 3U, 7U}) {
        REQUIRE(space.map(base + taken * page, source, 0, 1, {read_only, read_only}));
        const auto before = state();
        CHECK(space.map(base, source, 8, 8, {read_write, read_write}).error() ==
              Status::already_mapped);
        CHECK(state() == before);
        REQUIRE(space.unmap(base + taken * page, 1));
    }
}

TEST_CASE_FIXTURE(SpaceMachine, "nothing is unmapped if one page of the range is not mapped") {
    REQUIRE(space.map(base, source, 0, 3, {read_only, read_only}));
    REQUIRE(space.map(base + 4 * page, source, 0, 3, {read_only, read_only}));
    const auto before = state();
    CHECK(space.unmap(base, 7).error() == Status::not_mapped);
    CHECK(space.unmap(base + 4 * page, 4).error() == Status::not_mapped);
    CHECK(space.unmap(base - page, 2).error() == Status::not_mapped);
    CHECK(space.unmap(base + 512 * gib, 1).error() == Status::not_mapped);
    CHECK(state() == before);
}

TEST_CASE_FIXTURE(SpaceMachine,
                  "an unmapped page is gone; it can be mapped anew without new tables") {
    REQUIRE(space.map(base, source, 0, 1, {read_only, read_only}));
    const std::uint64_t used = account.used;
    REQUIRE(space.unmap(base, 1));
    CHECK(leaf(base) == 0);
    CHECK(space.find(base, false) == nullptr);
    REQUIRE(space.map(base, source, 1, 1, {read_write, read_write}));
    CHECK(account.used == used);
    CHECK(space.find(base, true) == memory.at(exo::address_of(run + 1).value));
}

TEST_CASE_FIXTURE(SpaceMachine, "unmapping drops the processor's copies, a page at a time") {
    REQUIRE(space.map(base, source, 0, 5, {read_only, read_only}));
    exo::arch::load_page_table(space.root());
    exo::arch::host_invalidations = 0;
    REQUIRE(space.unmap(base, 5));
    CHECK(exo::arch::host_invalidations == 5);
}

TEST_CASE_FIXTURE(SpaceMachine, "a large page drops the copies of the empty table it replaces") {
    const exo::FrameNumber large_run = *frames.alloc_run(512, payer);
    exo::CapSlot large;
    static_cast<exo::Capability&>(large) = frames.capability(large_run, 512, exo::Rights::all);
    large.siblings.close();
    large.children.close();
    REQUIRE(space.map(base, source, 0, 1, {read_only, read_only}));
    REQUIRE(space.unmap(base, 1));
    exo::arch::load_page_table(space.root());
    exo::arch::host_invalidations = 0;
    REQUIRE(space.map(base, large, 0, 512, {read_only | Protection::size_2m, read_only}));
    CHECK(exo::arch::host_invalidations == 1);
}

TEST_CASE_FIXTURE(SpaceMachine, "a space that is not loaded has no copies to drop") {
    REQUIRE(space.map(base, source, 0, 5, {read_only, read_only}));
    REQUIRE(space.unmap(base, 5));
    CHECK(exo::arch::host_invalidations == 0);
}

TEST_CASE_FIXTURE(SpaceMachine, "find for writing misses what user code could not write") {
    REQUIRE(space.map(base, source, 0, 1, {read_only, read_only}));
    REQUIRE(space.map(base + page, source, 0, 1, {read_execute, read_execute}));
    REQUIRE(space.map(base + 2 * page, source, 0, 1, {read_write, read_write}));
    CHECK(space.find(base, true) == nullptr);
    CHECK(space.find(base + page, true) == nullptr);
    CHECK(space.find(base + 2 * page, true) != nullptr);
    for (std::uint64_t i = 0; i < 3; ++i)
        CHECK(space.find(base + i * page, false) != nullptr);
}

TEST_CASE_FIXTURE(SpaceMachine, "find misses everything outside the user half") {
    // Entries that the processor would follow, were the address not refused before.
    for (std::uint64_t i = 256; i < 512; ++i)
        memory.object<std::uint64_t>(space.root().value + i * 8) = space.root().value | 7;
    constexpr std::uint64_t outside[] = {0,
                                         page - 1,
                                         user_end,
                                         0x0000'8000'0000'0000,
                                         0xffff'8000'0000'0000,
                                         ~0ULL,
                                         base | 1ULL << 48,
                                         0xffff'ffff'8020'0000};
    for (const std::uint64_t address : outside) {
        CHECK(space.find(address, false) == nullptr);
        CHECK(space.find(address, true) == nullptr);
    }
}

TEST_CASE_FIXTURE(SpaceMachine,
                  "one frame may be mapped at several addresses and in several spaces") {
    AddressSpace other;
    REQUIRE(other.create(account, kernel_root));
    REQUIRE(space.map(base, source, 0, 1, {read_write, read_write}));
    REQUIRE(space.map(base + page, source, 0, 1, {read_only, read_only}));
    REQUIRE(other.map(base, source, 0, 1, {read_only, read_only}));
    CHECK(space.find(base, false) == space.find(base + page, false));
    CHECK(space.find(base, false) == other.find(base, false));
    REQUIRE(space.unmap(base, 1));
    CHECK(space.find(base + page, false) != nullptr);
    CHECK(other.find(base, false) != nullptr);
}

TEST_CASE_FIXTURE(SpaceMachine, "clearing takes every page and table; only the root is left") {
    REQUIRE(space.map(base, source, 0, 10, {read_only, read_only}));
    REQUIRE(space.map(user_end - page, source, 0, 1, {read_write, read_write}));
    REQUIRE(space.map(user_start, source, 0, 1, {read_write, read_write}));
    CHECK(space.clear_some(~0U));
    CHECK(account.used == 1);
    CHECK(references() == 1);
    for (std::uint64_t i = 0; i < 256; ++i)
        CHECK(memory.object<std::uint64_t>(space.root().value + i * 8) == 0);
    space.destroy();
    CHECK(account.used == 0);
    CHECK(account.references == 1);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(SpaceMachine, "clearing leaves the kernel's half alone") {
    memory.object<std::uint64_t>(space.root().value + 256 * 8) = 0x1003;
    CHECK(space.clear_some(~0U));
    CHECK(memory.object<std::uint64_t>(space.root().value + 256 * 8) == 0x1003);
}

TEST_CASE_FIXTURE(SpaceMachine,
                  "clearing in steps does the same, each step bounded by its budget") {
    for (const std::uint32_t budget : {8U, 64U, 512U, 5000U}) {
        const auto before = state();
        REQUIRE(space.map(base, source, 0, run_pages, {read_only, read_only}));
        REQUIRE(space.map(base + gib - 2 * page, source, 0, 4, {read_write, read_write}));
        REQUIRE(space.map(700 * gib, source, 0, 1, {read_write, read_write}));
        std::uint32_t steps = 0;
        for (bool done = false; !done; ++steps) {
            const std::uint64_t held = references() + account.used;
            done = space.clear_some(budget);
            REQUIRE(held - (references() + account.used) <= budget);
            REQUIRE(steps < 100'000);
        }
        CHECK((budget == 5000 || steps > 1));
        CHECK(state() == before);
        space.destroy();
        REQUIRE(space.create(account, kernel_root));
    }
}

TEST_CASE_FIXTURE(SpaceMachine, "a space that the processor uses is not cleared") {
    exo::arch::load_page_table(space.root());
    CHECK_FALSE(panic_of([&] { (void)space.clear_some(1); }).empty());
}

TEST_CASE_FIXTURE(SpaceMachine, "clearing one space leaves another's pages") {
    AddressSpace other;
    REQUIRE(other.create(account, kernel_root));
    REQUIRE(space.map(base, source, 0, 4, {read_only, read_only}));
    REQUIRE(other.map(base, source, 0, 4, {read_only, read_only}));
    CHECK(space.clear_some(~0U));
    CHECK(other.find(base + 3 * page, false) != nullptr);
    CHECK(references() == 5);
}

TEST_CASE_FIXTURE(SpaceMachine, "a space does what a map from pages to frames does") {
    mutation::Random random(3);
    std::map<std::uint64_t, std::uint32_t> model;
    for (int step = 0; step < 4000; ++step) {
        const std::uint64_t at = base + random.below(40) * page + random.below(3) * mib2;
        const auto count = std::uint32_t(1 + random.below(10));
        std::uint32_t taken = 0;
        for (std::uint32_t i = 0; i < count; ++i)
            taken += model.contains(at + i * page);
        if (random.below(2) == 0) {
            const auto first = std::uint32_t(random.below(run_pages - count));
            REQUIRE(space.map(at, source, first, count, {read_write, read_write}).has_value() ==
                    (taken == 0));
            for (std::uint32_t i = 0; taken == 0 && i < count; ++i)
                model[at + i * page] = run.value + first + i;
        } else {
            REQUIRE(space.unmap(at, count).has_value() == (taken == count));
            for (std::uint32_t i = 0; taken == count && i < count; ++i)
                model.erase(at + i * page);
        }
        REQUIRE(references() == 1 + model.size());
    }
    const auto mapped = std::get<0>(state());
    REQUIRE(mapped.size() == model.size());
    for (const auto& [address, entry] : mapped)
        REQUIRE((entry & PageEntry::address_mask) / page == model.at(address));
    CHECK(frames.consistent());
}
