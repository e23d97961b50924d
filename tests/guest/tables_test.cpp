// tests/guest/tables_test.cpp - page tables read by their environment.
#include <array>
#include <cstdint>

#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/page_state.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Handle;
using lamina::Protection;
using libos::OwnedHandle;
using libos::page_state;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t here = 0x5100'0000'0000;
constexpr std::uint64_t frames_2m = 512;
constexpr auto read_write = Protection::read | Protection::write;
constexpr auto own = Handle::null;

volatile std::uint64_t& word(std::uint64_t address) {
    return *reinterpret_cast<volatile std::uint64_t*>(address);
}

// Frames of this test, unmapped at its end.
class Mapped {
public:
    Mapped(std::uint64_t count, Protection use) : count_(count) {
        run_ = libos::own(sys::frames_alloc(fixed::account, count)).value_or(OwnedHandle());
        TEST_ASSERT_OK(sys::frames_map(own, run_.get(), 0, count, here, use));
    }
    ~Mapped() { TEST_ASSERT_OK(sys::frames_unmap(own, here, count_)); }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;

    std::uint64_t first_frame() const {
        lamina::CapInfo info = {};
        (void)sys::cap_inspect(run_.get(), &info);
        return info.first_frame;
    }

private:
    OwnedHandle run_;
    std::uint64_t count_;
};

// A page that was mapped just now, of so many frames.
void expect_bits_to_follow_use(std::uint64_t address, std::uint64_t frames, Protection use) {
    auto state = page_state(address);
    TEST_ASSERT_OK(state);
    TEST_ASSERT_EQUAL(frames, state->frames);
    TEST_ASSERT_TRUE(state->writable && !state->executable);
    TEST_ASSERT_FALSE(state->accessed || state->dirty);
    TEST_ASSERT_EQUAL(0U, word(address));
    state = page_state(address);
    TEST_ASSERT_OK(state);
    TEST_ASSERT_TRUE(state->accessed && !state->dirty);
    word(address) = 1;
    state = page_state(address);
    TEST_ASSERT_OK(state);
    TEST_ASSERT_TRUE(state->accessed && state->dirty);
    TEST_ASSERT_OK(sys::frames_protect(own, here, frames, use));
    state = page_state(address);
    TEST_ASSERT_OK(state);
    TEST_ASSERT_FALSE(state->accessed || state->dirty);
    word(address) = 2;
    state = page_state(address);
    TEST_ASSERT_OK(state);
    TEST_ASSERT_TRUE(state->dirty);
}

void test_accessed_and_dirty_of_a_small_page() {
    const Mapped page(1, read_write);
    expect_bits_to_follow_use(here, 1, read_write);
}

void test_accessed_and_dirty_of_a_large_page() {
    const Mapped page(frames_2m, read_write | Protection::size_2m);
    expect_bits_to_follow_use(here, frames_2m, read_write | Protection::size_2m);
}

void test_the_frame_and_software_bits_are_told() {
    constexpr auto bit_8_and_10 = Protection(0x500);
    const Mapped pages(2, Protection::read | bit_8_and_10);
    const auto state = page_state(here + lamina::page_size + 17);
    TEST_ASSERT_OK(state);
    TEST_ASSERT_EQUAL(pages.first_frame() + 1, state->frame);
    TEST_ASSERT_EQUAL(5U, state->software);
    TEST_ASSERT_FALSE(state->writable);
}

void test_where_nothing_is_mapped() {
    TEST_ASSERT_STATUS(not_mapped, page_state(here));
    const Mapped page(1, read_write);
    TEST_ASSERT_STATUS(not_mapped, page_state(here + lamina::page_size));
    TEST_ASSERT_STATUS(bad_address, page_state(lamina::user_end));
}

void test_a_large_page_has_no_table_of_level_1() {
    static std::array<std::uint64_t, 512> table;
    const Mapped page(frames_2m, read_write | Protection::size_2m);
    TEST_ASSERT_STATUS(no_table, sys::table_read(own, here, 1, table.data()));
    TEST_ASSERT_OK(sys::table_read(own, here, 2, table.data()));
}

void test_the_kernel_half_is_not_shown() {
    static std::array<std::uint64_t, 512> table;
    constexpr std::uint64_t untouched = 0x1234;
    table.fill(untouched);
    const auto entries = sys::table_read(own, here, 4, table.data());
    TEST_ASSERT_OK(entries);
    TEST_ASSERT_EQUAL(256U, *entries);
    for (std::uint64_t i = 0; i < 512; ++i)
        TEST_ASSERT_TRUE((table[i] == untouched) == (i >= 256));
    for (const auto address : {0xffff'8000'0000'0000ULL, 0xffff'ffff'8020'0000ULL, ~0ULL})
        for (std::uint64_t level = 1; level <= 4; ++level)
            TEST_ASSERT_STATUS(bad_address, sys::table_read(own, address, level, table.data()));
}

void test_another_environment_by_who_manages_it() {
    const auto env = libos::own(sys::env_create(fixed::account, "other", 5, Handle::null, 0, 0));
    TEST_ASSERT_OK(env);
    TEST_ASSERT_STATUS(not_mapped, page_state(here, env->get()));
    const auto run = libos::own(sys::frames_alloc(fixed::account, 1));
    TEST_ASSERT_OK(run);
    TEST_ASSERT_OK(sys::frames_map(env->get(), run->get(), 0, 1, here, Protection::read));
    const auto state = page_state(here, env->get());
    TEST_ASSERT_OK(state);
    lamina::CapInfo info = {};
    TEST_ASSERT_OK(sys::cap_inspect(run->get(), &info));
    TEST_ASSERT_EQUAL(info.first_frame, state->frame);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_accessed_and_dirty_of_a_small_page);
    RUN_TEST(test_accessed_and_dirty_of_a_large_page);
    RUN_TEST(test_the_frame_and_software_bits_are_told);
    RUN_TEST(test_where_nothing_is_mapped);
    RUN_TEST(test_a_large_page_has_no_table_of_level_1);
    RUN_TEST(test_the_kernel_half_is_not_shown);
    RUN_TEST(test_another_environment_by_who_manages_it);
    return libos::unity::end();
}
