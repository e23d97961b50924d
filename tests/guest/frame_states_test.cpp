// tests/guest/frame_states_test.cpp - the frame table, mapped to be read.
#include <cstdint>

#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/frame_states.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::FrameState;
using lamina::Handle;
using lamina::Protection;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

lamina::CapInfo inspect(Handle handle) {
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(handle, &info);
    return info;
}

void test_frames_change_their_state_as_they_are_used() {
    const auto frames = libos::frame_states();
    TEST_ASSERT_OK(frames);
    auto run = libos::own(sys::frames_alloc(fixed::account, 5));
    TEST_ASSERT_OK(run);
    const std::uint64_t first = inspect(run->get()).first_frame;
    const auto& entries = *frames;
    TEST_ASSERT_EQUAL(FrameState::run_head, entries[first].state);
    TEST_ASSERT_EQUAL(5U, entries[first].extent);
    TEST_ASSERT_EQUAL(1U, entries[first].references);
    TEST_ASSERT_EQUAL(FrameState::run_tail, entries[first + 4].state);
    TEST_ASSERT_EQUAL(4U, entries[first + 4].extent);
    const auto copy = libos::own(sys::cap_derive(run->get(), lamina::Rights::read, 0, 0));
    TEST_ASSERT_EQUAL(2U, entries[first].references);
    TEST_ASSERT_OK(sys::cap_revoke(run->get()));
    *run = {};
    for (std::uint64_t i = 0; i < 5; ++i)
        TEST_ASSERT_TRUE(entries[first + i].is_free());
}

void test_counts_are_those_of_the_info_page() {
    const auto frames = libos::frame_states();
    TEST_ASSERT_OK(frames);
    std::uint64_t free = 0, used = 0;
    (void)guest::frames_free();
    for (const auto& entry : *frames) {
        free += entry.is_free();
        used += entry.state > FrameState::free_head;
    }
    TEST_ASSERT_EQUAL(guest::frames_free(), free);
    lamina::InfoPage info = {};
    TEST_ASSERT_OK(libos::read_info(info));
    TEST_ASSERT_EQUAL(info.frames_total, free + used);
}

void test_nobody_can_write_or_split_it() {
    constexpr std::uint64_t here = 0x5100'0000'0000;
    TEST_ASSERT_STATUS(missing_right, sys::frames_map(Handle::null, fixed::frame_states, 0, 1, here,
                                                      Protection::read | Protection::write));
    TEST_ASSERT_OK(
        sys::frames_map(Handle::null, fixed::frame_states, 0, 1, here, Protection::read));
    TEST_ASSERT_STATUS(missing_right, sys::frames_protect(Handle::null, here, 1,
                                                          Protection::read | Protection::write));
    TEST_ASSERT_OK(sys::frames_unmap(Handle::null, here, 1));
    TEST_ASSERT_FALSE(sys::frames_split(fixed::frame_states, 1).has_value());
}

void test_frames_are_found_by_colour_and_alignment() {
    constexpr std::uint64_t colours = 16;
    for (std::uint64_t colour = 0; colour < colours; ++colour) {
        const auto frame = libos::alloc_frames_in(fixed::account, 1, {colours, colour});
        TEST_ASSERT_OK(frame);
        TEST_ASSERT_EQUAL(colour, inspect(frame->get()).first_frame % colours);
    }
    const auto large = libos::alloc_frames_in(fixed::account, 512, {512, 0});
    TEST_ASSERT_OK(large);
    TEST_ASSERT_EQUAL(0U, inspect(large->get()).first_frame % 512);
    TEST_ASSERT_EQUAL(512U, inspect(large->get()).count);
    TEST_ASSERT_STATUS(not_free, libos::alloc_frames_in(fixed::account, 1, {~0ULL, 0}));
    TEST_ASSERT_STATUS(bad_argument, libos::alloc_frames_in(fixed::account, 0, {}));
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_frames_change_their_state_as_they_are_used);
    RUN_TEST(test_counts_are_those_of_the_info_page);
    RUN_TEST(test_nobody_can_write_or_split_it);
    RUN_TEST(test_frames_are_found_by_colour_and_alignment);
    return libos::unity::end();
}
