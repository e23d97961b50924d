// tests/guest/large_pages_test.cpp - pages of 2 MiB and 1 GiB.
#include <cstdint>

#include "lamina/report.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Handle;
using lamina::Protection;
using lamina::Rights;
using libos::OwnedHandle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t here = 0x5100'0000'0000;
constexpr std::uint64_t there = 0x5200'0000'0000;  ///< No table is there.
constexpr std::uint64_t mib_2 = 2ULL << 20;
constexpr std::uint64_t gib = 1ULL << 30;
constexpr std::uint64_t frames_2m = mib_2 / lamina::page_size;
constexpr std::uint64_t frames_1g = gib / lamina::page_size;
constexpr auto read_write = Protection::read | Protection::write;
constexpr auto large = read_write | Protection::size_2m;
constexpr auto own = Handle::null;

volatile std::uint64_t& word(std::uint64_t address) {
    return *reinterpret_cast<volatile std::uint64_t*>(address);
}

OwnedHandle frames(std::uint64_t count) {
    auto made = libos::own(sys::frames_alloc(fixed::account, count));
    return made ? std::move(*made) : OwnedHandle();
}

void test_two_mib_pages_hold_what_is_written() {
    const auto run = frames(3 * frames_2m);
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), 0, 3 * frames_2m, here, large));
    for (std::uint64_t at = here; at < here + 3 * mib_2; at += lamina::page_size) {
        TEST_ASSERT_EQUAL(0U, word(at));
        word(at) = at;
    }
    for (std::uint64_t i = 0; i < 3; ++i)
        TEST_ASSERT_OK(sys::frames_map(own, run.get(), i * frames_2m + 7, 1,
                                       here + gib + i * lamina::page_size, Protection::read));
    for (std::uint64_t i = 0; i < 3; ++i)
        TEST_ASSERT_EQUAL(here + i * mib_2 + 7 * lamina::page_size,
                          word(here + gib + i * lamina::page_size));
    TEST_ASSERT_OK(sys::frames_unmap(own, here + gib, 3));
    TEST_ASSERT_OK(sys::frames_unmap(own, here, 3 * frames_2m));
    TEST_ASSERT_STATUS(not_mapped, sys::frames_unmap(own, here, 1));
}

void test_part_of_a_large_page_is_refused() {
    const auto run = frames(2 * frames_2m);
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), 0, 2 * frames_2m, here, large));
    TEST_ASSERT_STATUS(partial_page, sys::frames_unmap(own, here, 1));
    TEST_ASSERT_STATUS(partial_page, sys::frames_unmap(own, here + lamina::page_size, frames_2m));
    TEST_ASSERT_STATUS(partial_page, sys::frames_unmap(own, here, frames_2m + 1));
    TEST_ASSERT_STATUS(partial_page,
                       sys::frames_protect(own, here, frames_2m - 1, Protection::read));
    TEST_ASSERT_STATUS(already_mapped, sys::frames_map(own, run.get(), 0, 1,
                                                       here + 5 * lamina::page_size, read_write));
    TEST_ASSERT_STATUS(already_mapped,
                       sys::frames_map(own, run.get(), 0, frames_2m, here + mib_2, large));
    word(here + mib_2) = 1;
    TEST_ASSERT_OK(sys::frames_unmap(own, here, frames_2m));
    TEST_ASSERT_EQUAL(1U, word(here + mib_2));
    TEST_ASSERT_OK(sys::frames_unmap(own, here + mib_2, frames_2m));
}

void test_a_large_page_wants_alignment() {
    const auto run = frames(2 * frames_2m);
    TEST_ASSERT_STATUS(bad_argument, sys::frames_map(own, run.get(), 1, frames_2m, here, large));
    TEST_ASSERT_STATUS(bad_argument, sys::frames_map(own, run.get(), 0, 1, here, large));
    TEST_ASSERT_STATUS(bad_address, sys::frames_map(own, run.get(), 0, frames_2m,
                                                    here + lamina::page_size, large));
    TEST_ASSERT_STATUS(bad_argument, sys::frames_map(own, run.get(), 0, frames_2m, here,
                                                     large | Protection::size_1g));
}

void test_a_table_without_pages_makes_room() {
    const auto run = frames(frames_2m);
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), 0, 1, here + gib, read_write));
    const auto tables = guest::frames_charged();
    TEST_ASSERT_STATUS(already_mapped,
                       sys::frames_map(own, run.get(), 0, frames_2m, here + gib, large));
    word(here + gib) = 5;
    TEST_ASSERT_OK(sys::frames_unmap(own, here + gib, 1));
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), 0, frames_2m, here + gib, large));
    TEST_ASSERT_TRUE(guest::frames_charged() <= tables);
    TEST_ASSERT_EQUAL(5U, word(here + gib));
    TEST_ASSERT_OK(sys::frames_unmap(own, here + gib, frames_2m));
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), 3, 1, here + gib, read_write));
    TEST_ASSERT_EQUAL(0U, word(here + gib));
    TEST_ASSERT_OK(sys::frames_unmap(own, here + gib, 1));
}

void test_revoking_takes_large_pages() {
    const auto run = frames(frames_2m);
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), 0, frames_2m, here, large));
    word(here) = 1;
    TEST_ASSERT_OK(sys::cap_revoke(run.get()));
    TEST_ASSERT_STATUS(not_mapped, sys::frames_unmap(own, here, frames_2m));
}

void test_ranges_of_both_sizes() {
    const auto run = frames(2 * frames_2m);
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), 0, frames_2m, here + mib_2, large));
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), frames_2m, 2,
                                   here + mib_2 - 2 * lamina::page_size, read_write));
    TEST_ASSERT_OK(sys::frames_protect(own, here + mib_2 - 2 * lamina::page_size, frames_2m + 2,
                                       Protection::read));
    TEST_ASSERT_OK(sys::frames_unmap(own, here + mib_2 - 2 * lamina::page_size, frames_2m + 2));
}

void test_a_gib_is_one_page() {
    const auto charged = guest::frames_charged();
    {
        const auto run = frames(frames_1g);
        TEST_ASSERT_TRUE(run.get() != Handle::null);
        TEST_ASSERT_OK(
            sys::frames_map(own, run.get(), 0, frames_1g, there, read_write | Protection::size_1g));
        TEST_ASSERT_TRUE(guest::frames_charged() < charged + frames_1g + 8);
        for (std::uint64_t at = there; at < there + gib; at += mib_2) {
            TEST_ASSERT_EQUAL(0U, word(at));
            word(at) = at;
        }
        TEST_ASSERT_OK(
            sys::frames_map(own, run.get(), 5 * frames_2m, frames_2m, there + gib, large));
        TEST_ASSERT_EQUAL(there + 5 * mib_2, word(there + gib));
        TEST_ASSERT_STATUS(partial_page, sys::frames_unmap(own, there, frames_2m));
        TEST_ASSERT_OK(sys::frames_unmap(own, there + gib, frames_2m));
        TEST_ASSERT_OK(sys::frames_unmap(own, there, frames_1g));
    }
    TEST_ASSERT_TRUE(guest::frames_charged() < charged + 8);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_two_mib_pages_hold_what_is_written);
    RUN_TEST(test_part_of_a_large_page_is_refused);
    RUN_TEST(test_a_large_page_wants_alignment);
    RUN_TEST(test_a_table_without_pages_makes_room);
    RUN_TEST(test_revoking_takes_large_pages);
    RUN_TEST(test_ranges_of_both_sizes);
    RUN_TEST(test_a_gib_is_one_page);
    return libos::unity::end();
}
