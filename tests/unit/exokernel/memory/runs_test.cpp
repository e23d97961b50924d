// tests/unit/exokernel/memory/runs_test.cpp - FrameTable: runs by number, split, merged, zeroed.
#include <algorithm>
#include <cstring>

#include "doctest/doctest.h"
#include "exokernel/memory/frame_table.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::FrameInfo;
using exo::FrameNumber;
using exo::frames;
using exo::FrameState;
using exo::FrameTable;
using exo::page_size;
using lamina::Status;

namespace {

struct RunMachine : HostMachine {
    RunMachine() : HostMachine(1024) {}

    FrameInfo& run(std::uint32_t count) { return frames.info(*frames.alloc_run(count, account)); }
    FrameInfo& run_at(std::uint32_t first, std::uint32_t count) {
        const auto made = frames.reserve_run({first}, count, account);
        REQUIRE(made);
        return **made;
    }
    Status refusal(std::uint32_t first, std::uint32_t count) {
        const auto made = frames.reserve_run({first}, count, account);
        return made ? Status::ok : made.error();
    }
    static std::uint32_t number(const FrameInfo& run) { return frames.number_of(run).value; }
    static std::uint64_t free() { return frames.counts().free; }
    void release(FrameInfo& run) { frames.release(frames.number_of(run)); }
    static void fill(FrameNumber frame, int value) {
        std::memset(FrameTable::contents(frame), value, page_size);
    }
    static bool holds(FrameNumber frame, int value) {
        const auto* bytes = static_cast<const std::byte*>(FrameTable::contents(frame));
        return std::all_of(bytes, bytes + page_size,
                           [=](std::byte b) { return b == std::byte(value); });
    }

    exo::Account account = HostMachine::account(1000);
};

}  // namespace

TEST_CASE_FIXTURE(RunMachine, "a run asked for by its number begins there") {
    const FrameInfo& run = run_at(300, 5);
    CHECK(number(run) == 300);
    CHECK(run.extent == 5);
    CHECK(run.references == 1);
    CHECK(account.used == 5);
    for (std::uint32_t i = 1; i < 5; ++i) {
        CHECK(frames.info({300 + i}).state == FrameState::run_tail);
        CHECK(&frames.run_of({300 + i}) == &run);
    }
    CHECK(frames.info({299}).state != FrameState::run_tail);
    CHECK(frames.info({305}).state != FrameState::run_tail);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(RunMachine, "any single frame can be asked for, wherever in its block it lies") {
    for (const std::uint32_t first : {1U, 2U, 511U, 512U, 700U, 1023U}) {
        FrameInfo& run = run_at(first, 1);
        CHECK(number(run) == first);
        CHECK(frames.consistent());
    }
}

TEST_CASE_FIXTURE(RunMachine, "frames of which one is taken are refused; nothing changes") {
    (void)run_at(100, 10);
    const auto before = free();
    const auto used = account.used;
    for (const std::uint32_t first : {91U, 100U, 105U, 109U})
        CHECK(refusal(first, 10) == Status::not_free);
    CHECK(free() == before);
    CHECK(account.used == used);
    CHECK(refusal(90, 10) == Status::ok);
    CHECK(refusal(110, 10) == Status::ok);
}

TEST_CASE_FIXTURE(RunMachine, "frames beyond the machine's last are not free") {
    CHECK(refusal(1024, 1) == Status::not_free);
    CHECK(refusal(1020, 5) == Status::not_free);
    CHECK(refusal(~0U, 1) == Status::not_free);
    CHECK(refusal(5, ~0U) == Status::quota_exceeded);
    CHECK(refusal(1020, 4) == Status::ok);
}

TEST_CASE_FIXTURE(RunMachine, "frames that are no memory cannot be asked for") {
    frames.info({900}).state = FrameState::reserved;
    CHECK(refusal(900, 1) == Status::not_free);
    CHECK(refusal(899, 2) == Status::not_free);
    frames.info({900}).state = FrameState::free;
}

TEST_CASE_FIXTURE(RunMachine,
                  "a quota that does not cover it stops a run asked for by its number") {
    account.limit = 4;
    CHECK(refusal(200, 5) == Status::quota_exceeded);
    CHECK(account.used == 0);
    CHECK(refusal(200, 4) == Status::ok);
}

TEST_CASE_FIXTURE(RunMachine, "frames kept for single allocations can be asked for by number") {
    FrameInfo& one = run(1);
    const std::uint32_t first = number(one);
    release(one);  // into the cache
    CHECK(refusal(first, 1) == Status::ok);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(RunMachine, "a run by its number, given back, becomes what there was") {
    const auto before = free();
    release(run_at(333, 77));
    CHECK(free() == before);
    CHECK(account.used == 0);
    CHECK(refusal(333, 77) == Status::ok);
}

TEST_CASE_FIXTURE(RunMachine, "zeroing a part of a run leaves the rest") {
    FrameInfo& made = run_at(64, 6);
    for (std::uint32_t i = 0; i < 6; ++i)
        fill({64 + i}, 7);
    frames.zero(made, 2, 3);
    for (std::uint32_t i = 0; i < 6; ++i)
        CHECK(holds({64 + i}, i >= 2 && i < 5 ? 0 : 7));
}

TEST_CASE_FIXTURE(RunMachine, "a split run is two, each with one reference and its own frames") {
    FrameInfo& low = run(10);
    const auto used = account.used;
    FrameInfo& high = frames.split_run(low, 4);
    CHECK(number(high) == number(low) + 4);
    CHECK(low.extent == 4);
    CHECK(high.extent == 6);
    CHECK(low.references == 1);
    CHECK(high.references == 1);
    CHECK(high.account == &account);
    CHECK(account.used == used);
    for (std::uint32_t i = 0; i < 10; ++i)
        CHECK(&frames.run_of({number(low) + i}) == (i < 4 ? &low : &high));
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(RunMachine, "what is in the frames stays through split and merge") {
    FrameInfo& low = run(4);
    for (std::uint32_t i = 0; i < 4; ++i)
        fill({number(low) + i}, int(i) + 1);
    FrameInfo& high = frames.split_run(low, 1);
    frames.merge_runs(low, high);
    for (std::uint32_t i = 0; i < 4; ++i)
        CHECK(holds({number(low) + i}, int(i) + 1));
}

TEST_CASE_FIXTURE(RunMachine, "each part of a split run is free when its own reference goes") {
    const auto before = free();
    FrameInfo& low = run(10);
    FrameInfo& high = frames.split_run(low, 4);
    release(low);
    CHECK(free() == before - 6);
    CHECK(account.used == 6);
    CHECK(high.state == FrameState::run_head);
    release(high);
    CHECK(free() == before);
    CHECK(account.used == 0);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(RunMachine, "a run can be split down to its frames and merged again") {
    FrameInfo& whole = run(8);
    FrameInfo* parts[8] = {&whole};
    for (std::uint32_t i = 1; i < 8; ++i)
        parts[i] = &frames.split_run(*parts[i - 1], 1);
    for (std::uint32_t i = 0; i < 8; ++i) {
        CHECK(parts[i]->extent == 1);
        CHECK(number(*parts[i]) == number(whole) + i);
    }
    for (std::uint32_t i = 7; i != 0; --i)
        frames.merge_runs(*parts[i - 1], *parts[i]);
    CHECK(whole.extent == 8);
    for (std::uint32_t i = 0; i < 8; ++i)
        CHECK(&frames.run_of({number(whole) + i}) == &whole);
    CHECK(frames.consistent());
}

TEST_CASE_FIXTURE(RunMachine, "a merged run is given back as a whole, by one reference") {
    const auto before = free();
    FrameInfo& low = run(6);
    FrameInfo& high = frames.split_run(low, 2);
    frames.merge_runs(low, high);
    CHECK(low.references == 1);
    release(low);
    CHECK(free() == before);
    CHECK(account.used == 0);
}

TEST_CASE_FIXTURE(RunMachine, "a run that others refer to is not split") {
    FrameInfo& shared = run(4);
    frames.acquire(frames.number_of(shared));
    CHECK_FALSE(panic_of([&] { frames.split_run(shared, 2); }).empty());
    CHECK(shared.extent == 4);
}

TEST_CASE_FIXTURE(RunMachine, "a run is not split into nothing and itself") {
    FrameInfo& whole = run(4);
    CHECK_FALSE(panic_of([&] { frames.split_run(whole, 0); }).empty());
    CHECK_FALSE(panic_of([&] { frames.split_run(whole, 4); }).empty());
}

TEST_CASE_FIXTURE(RunMachine, "runs that do not follow each other are not merged") {
    FrameInfo& low = run_at(100, 4);
    FrameInfo& apart = run_at(105, 4);
    FrameInfo& high = run_at(104, 1);
    CHECK_FALSE(panic_of([&] { frames.merge_runs(low, apart); }).empty());
    CHECK_FALSE(panic_of([&] { frames.merge_runs(high, low); }).empty());
    CHECK_FALSE(panic_of([&] { frames.merge_runs(low, low); }).empty());
}

TEST_CASE_FIXTURE(RunMachine, "runs that two accounts pay for are not merged") {
    exo::Account other = HostMachine::account(10);
    FrameInfo& low = run_at(100, 4);
    FrameInfo& high = **frames.reserve_run({104}, 4, other);
    CHECK_FALSE(panic_of([&] { frames.merge_runs(low, high); }).empty());
}

TEST_CASE_FIXTURE(RunMachine, "runs that others refer to are not merged") {
    FrameInfo& low = run_at(100, 4);
    FrameInfo& high = run_at(104, 4);
    frames.acquire({104});
    CHECK_FALSE(panic_of([&] { frames.merge_runs(low, high); }).empty());
    frames.release({104});
    frames.acquire({100});
    CHECK_FALSE(panic_of([&] { frames.merge_runs(low, high); }).empty());
}

TEST_CASE_FIXTURE(RunMachine,
                  "a single frame from the cache is a zeroed run, charged to its account") {
    FrameNumber frame = {0};
    CHECK_FALSE(frames.alloc_cached(account, frame));  // the cache is empty
    FrameInfo& one = run(1);
    fill(frames.number_of(one), 9);
    const FrameNumber kept = frames.number_of(one);
    release(one);
    REQUIRE(frames.alloc_cached(account, frame));
    CHECK(frame == kept);
    CHECK(holds(frame, 0));
    CHECK(account.used == 1);
    CHECK(frames.info(frame).state == FrameState::run_head);
    CHECK(frames.info(frame).references == 1);
    CHECK(frames.info(frame).roots.alone());
}

TEST_CASE_FIXTURE(RunMachine, "an account that is used up gets no frame from the cache") {
    release(run(1));
    account.limit = account.used = 3;
    const auto before = free();
    FrameNumber frame = {0};
    CHECK_FALSE(frames.alloc_cached(account, frame));
    CHECK(free() == before);
    CHECK(account.used == 3);
    account.used = 0;
}

TEST_CASE_FIXTURE(RunMachine, "a capability for part of a run counts for the run") {
    FrameInfo& made = run_at(200, 8);
    const auto part = frames.capability({203}, 2, exo::Rights::read);
    CHECK(part.object == &made);
    CHECK(part.first == 203);
    CHECK(part.count == 2);
    CHECK(part.rights == exo::Rights::read);
    const auto whole = exo::whole_run(made);
    CHECK(whole.first == 200);
    CHECK(whole.count == 8);
    CHECK(whole.object == &made);
}
