// tests/unit/exokernel/memory/free_frames_test.cpp - FreeFrames: blocks, buddies, caches, by rule.
#include "exokernel/memory/free_frames.hpp"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "tests/unit/exokernel/memory/frames.hpp"

using namespace frames_test;

TEST_CASE("memory is cut into the largest aligned blocks it holds") {
    Entries made(64);
    made.table.add_free({3}, 30);  // 3; 4-7; 8-15; 16-31; 32
    const std::pair<std::uint32_t, unsigned> blocks[] = {{3, 0}, {4, 2}, {8, 3}, {16, 4}, {32, 0}};
    for (const auto& [frame, order] : blocks) {
        CHECK(made.table.info({frame}).state == FrameState::free_head);
        CHECK(made.table.info({frame}).order == order);
    }
    CHECK(made.table.consistent());
}

TEST_CASE("pieces of memory added one by one coalesce") {
    Entries made(64);
    for (std::uint32_t frame = 47; frame >= 32; --frame)
        made.table.add_free({frame}, 1);
    CHECK(made.table.info({32}).state == FrameState::free_head);
    CHECK(made.table.info({32}).order == 4);
    CHECK(made.table.consistent());
}

TEST_CASE("a block merges with its buddy, not with another neighbour") {
    Entries made(64);
    made.table.add_free({10}, 1);
    made.table.add_free({9}, 1);  // the buddy of 10 is 11
    CHECK(made.table.info({9}).order == 0);
    CHECK(made.table.info({10}).state == FrameState::free_head);
    CHECK(made.table.info({10}).order == 0);
}

TEST_CASE("no block is larger than a GiB") {
    constexpr std::uint32_t largest = 1U << FreeFrames::order_max;
    Entries made(3 * largest);
    made.table.add_free({largest}, 2 * largest);
    CHECK(made.table.info({largest}).order == FreeFrames::order_max);
    CHECK(made.table.info({2 * largest}).state == FrameState::free_head);
    CHECK(made.table.info({2 * largest}).order == FreeFrames::order_max);
}

TEST_CASE("a buddy beyond the end of memory is not looked at") {
    Entries made(17);
    made.table.add_free({16}, 1);  // the buddy would be 17
    CHECK(made.table.info({16}).order == 0);
    CHECK(made.table.consistent());
}

TEST_CASE_FIXTURE(Machine, "the smallest block that fits is split") {
    const FrameNumber low = run(2);  // of the blocks 1, 2-3, 4-7, ..., 512-1023
    CHECK(low == FrameNumber{2});
    CHECK(run(3) == FrameNumber{4});
    CHECK(frames.info({7}).state == FrameState::free_head);
    CHECK(frames.info({7}).order == 0);
    CHECK(frames.info({512}).order == 9);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(Machine, "everything given back becomes the blocks there were at first") {
    const std::vector<FrameInfo> before = entries;
    std::vector<FrameNumber> taken;
    while (free() != 0)
        taken.push_back(alloc());
    CHECK(taken.size() == 1023);
    for (const std::uint32_t step : {7U, 3U, 1U})  // every 7th, then every 3rd, then the rest
        for (std::uint32_t i = 0; i < taken.size(); i += step)
            if (taken[i].value != 0) {
                frames.free(taken[i]);
                taken[i] = {};
            }
    frames.free_frames().drain();
    for (std::uint32_t frame = 0; frame < entries.size(); ++frame) {
        REQUIRE(entries[frame].state == before[frame].state);
        if (entries[frame].state == FrameState::free_head)
            REQUIRE(entries[frame].order == before[frame].order);
    }
    CHECK(frames.consistent());
}

TEST_CASE("one block that is split down to its frames becomes one block again") {
    HostMachine machine(128);
    exo::frames = {};
    std::fill(machine.entries.begin(), machine.entries.end(), FrameInfo{});
    exo::frames.adopt(machine.entries);
    exo::frames.add_free({64}, 64);
    std::vector<FrameNumber> taken;
    while (const auto frame = frames.alloc(FrameState::object, nullptr))
        taken.push_back(*frame);
    CHECK(taken.size() == 64);
    for (const FrameNumber frame : taken)
        frames.free(frame);
    frames.free_frames().drain();
    CHECK(frames.info({64}).state == FrameState::free_head);
    CHECK(frames.info({64}).order == 6);
}

TEST_CASE("single frames are kept back up to a bound, and make a run when one is needed") {
    HostMachine machine(256);
    exo::frames = {};
    std::fill(machine.entries.begin(), machine.entries.end(), FrameInfo{});
    exo::frames.adopt(machine.entries);
    exo::frames.add_free({64}, 64);
    Account account = HostMachine::account(1000);
    std::vector<FrameNumber> taken;
    while (const auto frame = frames.alloc(FrameState::object, nullptr))
        taken.push_back(*frame);
    REQUIRE(taken.size() == FreeFrames::cache_max + 1);
    const auto in_blocks = [&] {
        return std::ranges::count(machine.entries, FrameState::free_head, &FrameInfo::state);
    };
    for (std::uint32_t i = 0; i < FreeFrames::cache_max; ++i)
        frames.free(taken[i]);
    CHECK(in_blocks() == 0);
    CHECK(frames.consistent());
    CHECK(frames.alloc_run(32, account) == FrameNumber{64});
    CHECK(frames.consistent());
    frames.release({64});
    for (std::uint32_t i = 0; i < FreeFrames::cache_max; ++i)
        taken[i] = *frames.alloc(FrameState::object, nullptr);
    for (const FrameNumber frame : taken)
        frames.free(frame);
    CHECK(in_blocks() == 1);
    CHECK(frames.consistent());
}

namespace {

int told = 0;
void tell() { ++told; }

}  // namespace

TEST_CASE_FIXTURE(Machine,
                  "the watch tells once that few frames are free, and again after many were") {
    told = 0;
    const std::uint64_t start = free();
    frames.free_frames().watch(start - 20, start - 10, tell);
    CHECK(told == 0);
    const FrameNumber first = run(20);
    CHECK(told == 0);  // just as many as the bound
    const FrameNumber second = run(2);
    CHECK(told == 1);
    const FrameNumber third = run(2);
    CHECK(told == 1);
    frames.release(third);
    frames.release(second);
    CHECK(run(2) == second);
    CHECK(told == 1);  // never above the upper bound in between
    frames.release(second);
    frames.release(first);
    CHECK(told == 1);
    CHECK(frames.alloc_run(21, account));
    CHECK(told == 2);
}

TEST_CASE_FIXTURE(Machine, "a watch for what is so already tells at once; one for 0 never") {
    told = 0;
    frames.free_frames().watch(free() + 1, ~0ULL, tell);
    CHECK(told == 1);
    frames.free_frames().watch(0, 0, nullptr);
    CHECK(run(500).value != 0);
    CHECK(told == 1);
}

TEST_CASE_FIXTURE(Machine, "frames taken by their number count for the watch") {
    told = 0;
    frames.free_frames().watch(free(), ~0ULL, tell);
    CHECK(frames.reserve_run({100}, 3, account));
    CHECK(told == 1);
}

TEST_CASE_FIXTURE(Machine,
                  "a run can be cut short: what is cut off is free and no longer charged") {
    FrameInfo& cut = frames.run_of(run(10));
    const std::uint64_t before = free();
    frames.cut_run(cut, 3);
    CHECK(cut.extent == 3);
    CHECK(free() == before + 7);
    CHECK(account.used == 3);
    CHECK(frames.consistent());
    frames.release(frames.number_of(cut));
    CHECK(account.used == 0);
    CHECK(frames.consistent());
}
