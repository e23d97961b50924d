// tests/unit/apps/shell/frame_figures_test.cpp - conservation of page frames, as the shell checks
// it
#include "apps/shell/frame_figures.hpp"

#include <utility>

#include "doctest/doctest.h"

namespace {

constexpr shell::FrameFigures good = {
    .total = 100, .free = 60, .kernel = 10, .tables = 10, .user = 20};

constexpr lamina::CapInfo account(std::uint64_t quota, std::uint64_t used) {
    lamina::CapInfo made = {};
    made.count = quota;
    made.used = used;
    return made;
}

}  // namespace

TEST_CASE("figures that the frame table shows break no rule, with all or nothing of a quota used") {
    CHECK(shell::broken_rule(good, good, account(50, 0)).empty());
    CHECK(shell::broken_rule(good, good, account(100, 100)).empty());
}

TEST_CASE("one frame too many or too few of any use is found") {
    for (auto use :
         {&shell::FrameFigures::total, &shell::FrameFigures::free, &shell::FrameFigures::kernel,
          &shell::FrameFigures::tables, &shell::FrameFigures::user}) {
        for (const int change : {-1, 1}) {
            auto frames = good;
            frames.*use += std::uint64_t(change);
            CHECK(shell::broken_rule(frames, good, account(50, 0)) ==
                  "as many frames are used for each as the frame table shows");
        }
    }
}

TEST_CASE("the frames of each state are counted as what they are used for") {
    using lamina::FrameState;
    using shell::FrameFigures;
    constexpr std::pair<FrameState, FrameFigures> expected[] = {
        {FrameState::reserved, {0, 0, 0, 0, 0}},     {FrameState::free, {1, 1, 0, 0, 0}},
        {FrameState::free_head, {1, 1, 0, 0, 0}},    {FrameState::object, {1, 0, 1, 0, 0}},
        {FrameState::capabilities, {1, 0, 1, 0, 0}}, {FrameState::table, {1, 0, 0, 1, 0}},
        {FrameState::mappings, {1, 0, 0, 1, 0}},     {FrameState::run_head, {1, 0, 0, 0, 1}},
        {FrameState::run_tail, {1, 0, 0, 0, 1}},
    };
    for (const auto& [state, figures] : expected) {
        lamina::FrameEntry frame = {};
        frame.state = state;
        CHECK(shell::count({&frame, 1}) == figures);
    }
}

TEST_CASE("an account that uses one frame more than its quota is found") {
    CHECK(shell::broken_rule(good, good, account(50, 51)) ==
          "an account uses no more than its quota");
}

TEST_CASE("a quota of one frame more than the machine has is found") {
    CHECK(shell::broken_rule(good, good, account(101, 0)) == "a quota is no more than there is");
}

TEST_CASE("figures are taken from the fields of the info page that they are named for") {
    lamina::InfoPage info = {};
    info.frames_total = 100;
    info.frames_free = 60;
    info.frames_kernel = 11;
    info.frames_tables = 9;
    info.frames_user = 20;
    CHECK(shell::figures_of(info) == shell::FrameFigures{100, 60, 11, 9, 20});
}
