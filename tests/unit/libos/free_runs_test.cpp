// tests/unit/libos/free_runs_test.cpp - finding free frames in the frame table
#include <array>

#include "doctest/doctest.h"
#include "libos/vm/frame_states.hpp"

using lamina::FrameEntry;
using lamina::FrameState;
using libos::find_free_run;

namespace {

/// Frames 2, 4 to 7 and 9 to 11 are free.
std::array<FrameEntry, 12> machine() {
    std::array<FrameEntry, 12> made = {};
    for (const unsigned frame : {2U, 5U, 6U, 7U, 10U, 11U})
        made[frame].state = FrameState::free;
    made[4].state = made[9].state = FrameState::free_head;
    made[3].state = FrameState::run_head;
    made[8].state = FrameState::table;
    return made;
}

}  // namespace

TEST_CASE("the first free run that is long enough is found") {
    const auto frames = machine();
    CHECK(find_free_run(frames, 1, {}) == 2);
    CHECK(find_free_run(frames, 2, {}) == 4);
    CHECK(find_free_run(frames, 4, {}) == 4);
    CHECK_FALSE(find_free_run(frames, 5, {}));
}

TEST_CASE("a run may be asked for from a frame on, up to the last one") {
    const auto frames = machine();
    CHECK(find_free_run(frames, 3, {}, 6) == 9);
    CHECK_FALSE(find_free_run(frames, 3, {}, 10));
    CHECK(find_free_run(frames, 2, {}, 10) == 10);
    CHECK_FALSE(find_free_run(frames, 1, {}, 12));
    CHECK_FALSE(find_free_run(frames, ~0ULL, {}));
}

TEST_CASE("a run lies where its place says") {
    const auto frames = machine();
    CHECK(find_free_run(frames, 1, {4, 0}) == 4);
    CHECK(find_free_run(frames, 1, {4, 3}) == 7);
    CHECK(find_free_run(frames, 1, {4, 3}, 8) == 11);
    CHECK(find_free_run(frames, 2, {4, 1}) == 5);
    CHECK(find_free_run(frames, 2, {4, 1}, 6) == 9);
    CHECK_FALSE(find_free_run(frames, 1, {8, 0}));
    CHECK(find_free_run(frames, 1, {4, 7}) == 7);
}
