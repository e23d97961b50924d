// tests/unit/exokernel/memory/address_space_failure_test.cpp - AddressSpace when an allocation
// fails.
#include <vector>

#include "doctest/doctest.h"
#include "exokernel/memory/address_space.hpp"
#include "tests/unit/exokernel/memory/space.hpp"

using exo::FrameNumber;
using exo::frames;
using exo::FrameState;
using lamina::Status;

namespace {

constexpr std::uint64_t base = 4 * gib;

/// A range of 8 pages and how many frames mapping it needs, in a space that has none there: tables,
/// and links for each MiB.
struct Range {
    std::uint64_t address;
    std::uint32_t frames;
};
constexpr Range ranges[] = {
    {base, 3 + 1},                    // within one table of each level
    {base + mib1 - 4 * page, 3 + 2},  // and over two MiB
    {base + mib2 - 4 * page, 4 + 2},  // over two tables of level 1
    {base + gib - 4 * page, 5 + 2},   // and two of level 2
    {512 * gib - 4 * page, 6 + 2},    // and two of level 3
};

}  // namespace

TEST_CASE_FIXTURE(SpaceMachine, "when the n-th frame is over the quota, mapping leaves no trace") {
    for (const Range& range : ranges) {
        for (std::uint32_t n = 0; n < range.frames; ++n) {
            CAPTURE(range.address);
            CAPTURE(n);
            account.limit = account.used + n;
            const auto before = state();
            CHECK(space.map(range.address, source, 0, 8, {read_write, read_write}).error() ==
                  Status::quota_exceeded);
            CHECK(state() == before);
            CHECK(frames.consistent());
        }
        account.limit = account.used + range.frames;
        CHECK(space.map(range.address, source, 0, 8, {read_write, read_write}));
        CHECK(account.used == account.limit);
        CHECK(space.clear_some(~0U));
    }
}

TEST_CASE_FIXTURE(SpaceMachine, "when the machine has no n-th frame, mapping leaves no trace") {
    for (const Range& range : ranges) {
        std::vector<FrameNumber> taken;
        while (frames.counts().free != 0)
            taken.push_back(*frames.alloc(FrameState::object, nullptr));
        for (std::uint32_t n = 0; n < range.frames; ++n) {
            const auto before = state();
            CHECK(space.map(range.address, source, 0, 8, {read_only, read_only}).error() ==
                  Status::out_of_frames);
            CHECK(state() == before);
            CHECK(frames.consistent());
            frames.free(taken.back());
            taken.pop_back();
        }
        CHECK(space.map(range.address, source, 0, 8, {read_only, read_only}));
        CHECK(frames.counts().free == 0);
        CHECK(space.clear_some(~0U));
        for (const FrameNumber frame : taken)
            frames.free(frame);
    }
}

TEST_CASE_FIXTURE(SpaceMachine, "a failed mapping keeps the tables that other pages use") {
    const std::uint64_t border = base + gib;
    REQUIRE(space.map(border - 5 * page, source, 0, 1, {read_only, read_only}));
    account.limit = account.used + 2;  // three are missing, behind the border
    const auto before = state();
    CHECK(space.map(border - 4 * page, source, 0, 8, {read_only, read_only}).error() ==
          Status::quota_exceeded);
    CHECK(state() == before);
    CHECK(space.find(border - 5 * page, false) != nullptr);
}

TEST_CASE_FIXTURE(SpaceMachine, "failing and clearing often loses no frame") {
    const std::uint64_t free = frames.counts().free;
    for (std::uint32_t n = 0; n < 200; ++n) {
        account.limit = account.used + n % 7;
        (void)space.map(512 * gib - 4 * page, source, 0, 8, {read_write, read_write});
        account.limit = 1000;
        CHECK(space.clear_some(~0U));
        space.destroy();
        REQUIRE(space.create(account, kernel_root));
    }
    CHECK(frames.counts().free == free);
    CHECK(frames.consistent());
}
