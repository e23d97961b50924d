// tests/unit/exokernel/memory/frame_entry_test.cpp - environments see the fields they are told of
#include <cstring>

#include "doctest/doctest.h"
#include "exokernel/memory/frame_info.hpp"
#include "lamina/frame_state.hpp"

TEST_CASE("a frame's entry has its documented fields where environments look for them") {
    exo::FrameInfo info = {};
    info.references = 0x1122'3344;
    info.state = exo::FrameState::run_tail;
    info.order = 7;
    info.extent = 0x5566'7788;
    lamina::FrameEntry entry;
    static_assert(sizeof entry == sizeof info);
    std::memcpy(&entry, &info, sizeof entry);
    CHECK(entry.references == 0x1122'3344);
    CHECK(entry.state == lamina::FrameState::run_tail);
    CHECK(entry.order == 7);
    CHECK(entry.extent == 0x5566'7788);
}
