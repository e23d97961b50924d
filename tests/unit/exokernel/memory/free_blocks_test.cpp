// tests/unit/exokernel/memory/free_blocks_test.cpp - FreeFrames alone: blocks, cache, by number.
#include "exokernel/memory/free_frames.hpp"

#include <algorithm>
#include <bit>
#include <set>
#include <vector>

#include "doctest/doctest.h"
#include "tests/mutation/mutation.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::FrameInfo;
using exo::FrameState;
using exo::FreeFrames;

namespace {

/// Frames 1 to count - 1 are free; nothing else is there but their entries.
struct Frames : HostMachine {
    explicit Frames(std::uint32_t count = 256) : HostMachine(16), infos(count) {
        free.adopt(infos);
        free.put(1, count - 1);
    }
    bool is_block(std::uint32_t frame, unsigned order) const {
        return infos[frame].state == FrameState::free_head && infos[frame].order == order;
    }
    /// As their new owner does.
    std::uint32_t take(std::uint32_t count) {
        const std::uint32_t first = free.take(count);
        if (first != 0) own(first, count);
        return first;
    }
    bool take_at(std::uint32_t first, std::uint32_t count) {
        if (!free.take_at(first, count)) return false;
        own(first, count);
        return true;
    }
    void own(std::uint32_t first, std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i)
            infos[first + i].state = FrameState::object;
    }

    std::vector<FrameInfo> infos;
    FreeFrames free;
};

}  // namespace

TEST_CASE_FIXTURE(Frames, "what was put is counted") {
    CHECK(free.count() == 255);
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "taking and putting count what they move") {
    const std::uint32_t first = take(10);
    CHECK(free.count() == 245);
    free.put(first, 10);
    CHECK(free.count() == 255);
}

TEST_CASE_FIXTURE(Frames, "frames in a row are given, aligned to the power of two above them") {
    for (const std::uint32_t count : {2U, 3U, 5U, 8U, 17U, 32U}) {
        const std::uint32_t first = take(count);
        CAPTURE(count);
        CHECK(first != 0);
        CHECK(first % std::bit_ceil(count) == 0);
        CHECK(free.consistent());
    }
}

TEST_CASE_FIXTURE(Frames, "no frame is given twice") {
    std::set<std::uint32_t> given;
    for (std::uint32_t first; (first = take(3)) != 0;)
        for (std::uint32_t i = 0; i < 3; ++i)
            CHECK(given.insert(first + i).second);
    for (std::uint32_t first; (first = take(1)) != 0;)
        CHECK(given.insert(first).second);
    CHECK(given.size() == 255);
    CHECK(*given.begin() == 1);
    CHECK(free.count() == 0);
}

TEST_CASE_FIXTURE(Frames, "nothing is given when nothing is left") {
    while (take(1) != 0)
        ;
    CHECK(free.take(1) == 0);
    CHECK(free.take(2) == 0);
    CHECK(free.count() == 0);
}

TEST_CASE_FIXTURE(Frames, "no frames, or more than a block can hold, are not given") {
    CHECK(free.take(0) == 0);
    CHECK(free.take((1U << FreeFrames::order_max) + 1) == 0);
    CHECK(free.take(~0U) == 0);
    CHECK(free.count() == 255);
}

TEST_CASE_FIXTURE(Frames, "more frames in a row than any block has are not given") {
    CHECK(free.take(129) == 0);  // the largest block is 128-255
    CHECK(free.count() == 255);
    CHECK(take(128) == 128);
}

TEST_CASE_FIXTURE(Frames, "a single frame put comes back first, from the cache") {
    const std::uint32_t a = take(1);
    const std::uint32_t b = take(1);
    free.put(a, 1);
    free.put(b, 1);
    CHECK(take(1) == b);
    CHECK(take(1) == a);
}

TEST_CASE_FIXTURE(Frames, "a cached frame is free and in no block") {
    const std::uint32_t frame = take(1);
    free.put(frame, 1);
    CHECK(infos[frame].state == FrameState::free);
    CHECK(free.count() == 255);
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "an empty cache gives nothing, and says so") {
    std::uint32_t frame = 77;
    CHECK_FALSE(free.take_cached(frame));
    CHECK(frame == 77);
    CHECK(free.count() == 255);
}

TEST_CASE_FIXTURE(Frames, "a cache that is full goes back to the blocks as a whole") {
    std::vector<std::uint32_t> taken;
    for (std::uint32_t i = 0; i <= FreeFrames::cache_max; ++i)
        taken.push_back(take(1));
    for (const std::uint32_t frame : taken)
        free.put(frame, 1);
    std::uint32_t frame = 0;
    CHECK_FALSE(free.take_cached(frame));
    CHECK(free.count() == 255);
    CHECK(is_block(128, 7));
    CHECK(is_block(64, 6));
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "draining puts cached frames together with their buddies") {
    const std::uint32_t frame = take(1);
    CHECK(frame == 16);
    free.put(frame, 1);
    CHECK_FALSE(is_block(16, 4));
    free.drain();
    CHECK(is_block(16, 4));
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "an empty cache is filled from the smallest block that has enough") {
    constexpr std::uint32_t filled = 1 << FreeFrames::fill_order;
    CHECK(take(1) == 16);
    CHECK(free.count() == 254);
    CHECK(is_block(8, 3));
    CHECK(is_block(32, 5));
    std::uint32_t frame = 0;
    for (std::uint32_t i = 1; i < filled; ++i) {
        REQUIRE(free.take_cached(frame));
        CHECK(frame == 16 + i);
        own(frame, 1);
    }
    CHECK_FALSE(free.take_cached(frame));
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "a cache is not filled from blocks too small for that") {
    REQUIRE(take_at(16, 240));
    CHECK(take(1) == 1);
    CHECK(is_block(2, 1));
    std::uint32_t frame = 0;
    CHECK_FALSE(free.take_cached(frame));
}

TEST_CASE_FIXTURE(Frames, "a run too long for the blocks gets the frames in the caches too") {
    while (free.count() != 0)
        (void)take(1);
    // Only 64-67 are free, one by one, in the cache.
    for (std::uint32_t frame = 64; frame < 68; ++frame)
        free.put(frame, 1);
    CHECK(take(4) == 64);
    CHECK(free.count() == 0);
}

TEST_CASE_FIXTURE(Frames, "frames asked for by number are cut out of the middle of a block") {
    REQUIRE(take_at(150, 3));
    CHECK(free.count() == 252);
    CHECK(is_block(128, 4));
    CHECK(is_block(144, 2));
    CHECK(is_block(148, 1));
    CHECK(is_block(153, 0));
    CHECK(is_block(154, 1));
    CHECK(is_block(192, 6));
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "frames asked for by number may lie in several blocks") {
    REQUIRE(take_at(60, 80));  // 32-63, 64-127, 128-255
    CHECK(free.count() == 175);
    CHECK(is_block(32, 4));
    CHECK(is_block(48, 3));
    CHECK(is_block(56, 2));
    CHECK(is_block(140, 2));
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "a whole block can be asked for by number") {
    REQUIRE(take_at(128, 128));
    CHECK(free.count() == 127);
    CHECK(free.consistent());
    CHECK_FALSE(free.take_at(128, 1));
}

TEST_CASE_FIXTURE(Frames, "one frame that is not free refuses all; nothing changes") {
    REQUIRE(take_at(100, 1));
    const auto before = free.count();
    CHECK_FALSE(free.take_at(100, 1));
    CHECK_FALSE(free.take_at(98, 3));
    CHECK_FALSE(free.take_at(100, 5));
    CHECK_FALSE(free.take_at(90, 30));
    CHECK(free.count() == before);
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "a frame in a cache can be asked for by number") {
    const std::uint32_t frame = take(1);
    free.put(frame, 1);
    REQUIRE(take_at(frame, 1));
    std::uint32_t other = 0;
    CHECK_FALSE(free.take_cached(other));
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "frames asked for by number and put back become the blocks there were") {
    REQUIRE(take_at(33, 100));
    free.put(33, 100);
    free.drain();
    for (const auto& [frame, order] : {std::pair{1, 0}, {2, 1}, {4, 2}, {64, 6}, {128, 7}})
        CHECK(is_block(std::uint32_t(frame), unsigned(order)));
    CHECK(free.consistent());
}

TEST_CASE_FIXTURE(Frames, "the smallest block that is large enough is cut") {
    CHECK(take(4) == 4);
    CHECK(is_block(8, 3));
    CHECK(is_block(128, 7));
    CHECK(take(5) == 8);
    CHECK(is_block(13, 0));
    CHECK(is_block(14, 1));
    CHECK(is_block(128, 7));
}

TEST_CASE_FIXTURE(Frames,
                  "the walk finds a count, a link, an order or an alignment that is wrong") {
    const auto broken = [&](auto FrameInfo::* field, std::uint32_t frame, auto value) {
        const auto kept = infos[frame].*field;
        infos[frame].*field = value;
        const bool found = !free.consistent();
        infos[frame].*field = kept;
        return found;
    };
    CHECK(broken(&FrameInfo::order, 64, std::uint8_t{5}));
    CHECK(broken(&FrameInfo::state, 64, FrameState::free));
    CHECK(broken(&FrameInfo::previous, 64, 3U));
    CHECK(broken(&FrameInfo::next, 64, 128U));
    CHECK(free.consistent());
}

TEST_CASE("random takes, puts and takes by number are those of a set of numbers") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Frames made(512);
        mutation::Random random(seed);
        std::vector<std::pair<std::uint32_t, std::uint32_t>> held;
        std::vector<bool> used(512);
        std::uint64_t free_count = 511;
        const auto mark = [&](std::uint32_t first, std::uint32_t count, bool as) {
            for (std::uint32_t i = first; i < first + count; ++i) {
                REQUIRE(used[i] != as);
                used[i] = as;
            }
            free_count += as ? 0 - std::uint64_t{count} : count;
        };
        for (int step = 0; step < 400; ++step) {
            const auto count = std::uint32_t(1 + random.below(random.below(2) == 0 ? 1 : 24));
            const auto what = random.below(3);
            if (what == 0 && !held.empty()) {
                std::swap(held[random.below(held.size())], held.back());
                const auto [first, length] = held.back();
                held.pop_back();
                mark(first, length, false);
                made.free.put(first, length);
            } else if (what == 1) {
                const std::uint32_t first = made.take(count);
                if (first == 0) continue;
                mark(first, count, true);
                held.emplace_back(first, count);
            } else {
                const auto first = std::uint32_t(1 + random.below(511 - count));
                const bool all_free =
                    std::none_of(used.begin() + first, used.begin() + first + count,
                                 [](bool taken) { return taken; });
                REQUIRE(made.take_at(first, count) == all_free);
                if (!all_free) continue;
                mark(first, count, true);
                held.emplace_back(first, count);
            }
            REQUIRE(made.free.count() == free_count);
            REQUIRE(made.free.consistent());
        }
    }
}
