// tests/guest/runs_test.cpp - runs of page frames by number and length, split and merged; lists of
// ranges; badges.
#include <array>
#include <cstdint>

#include "lamina/report.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Handle;
using lamina::Protection;
using lamina::Rights;
using libos::OwnedHandle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t here = 0x5100'0000'0000;
constexpr auto read_write = Protection::read | Protection::write;
constexpr auto own = Handle::null;

volatile std::uint64_t& word(std::uint64_t address) {
    return *reinterpret_cast<volatile std::uint64_t*>(address);
}
constexpr std::uint64_t page(std::uint64_t index) { return here + index * lamina::page_size; }

OwnedHandle frames(std::uint64_t count) {
    auto made = libos::own(sys::frames_alloc(fixed::account, count));
    return made ? std::move(*made) : OwnedHandle();
}

lamina::CapInfo info_of(Handle handle) {
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(handle, &info);
    return info;
}

void test_a_long_run_is_zero_and_counts() {
    for (int round = 0; round < 2; ++round) {
        const auto charged = guest::frames_charged();
        const auto run = frames(3000);
        TEST_ASSERT_EQUAL(3000U, info_of(run.get()).count);
        TEST_ASSERT_EQUAL(charged + 3000, guest::frames_charged());
        for (std::uint64_t first = 0; first < 3000; first += 500)
            TEST_ASSERT_OK(sys::frames_map(own, run.get(), first, 500, page(first), read_write));
        for (std::uint64_t i = 0; i < 3000; ++i) {
            TEST_ASSERT_EQUAL(0U, word(page(i)));
            TEST_ASSERT_EQUAL(0U, word(page(i) + lamina::page_size - 8));
            word(page(i)) = i + 1;
            word(page(i) + lamina::page_size - 8) = i + 1;
        }
        for (std::uint64_t first = 0; first < 3000; first += 500)
            TEST_ASSERT_OK(sys::frames_unmap(own, page(first), 500));
    }
}

void test_a_run_by_number_is_that_run() {
    std::uint64_t number = 0;
    {
        const auto run = frames(64);
        number = info_of(run.get()).first_frame;
        TEST_ASSERT_STATUS(not_free, sys::frames_alloc_at(fixed::account, number, 1));
        TEST_ASSERT_STATUS(not_free, sys::frames_alloc_at(fixed::account, number - 1, 3));
    }
    const auto again = libos::own(sys::frames_alloc_at(fixed::account, number + 5, 7));
    TEST_ASSERT_OK(again);
    TEST_ASSERT_EQUAL(number + 5, info_of(again->get()).first_frame);
    TEST_ASSERT_EQUAL(7U, info_of(again->get()).count);
    TEST_ASSERT_STATUS(not_free, sys::frames_alloc_at(fixed::account, number + 11, 1));
    TEST_ASSERT_OK(libos::own(sys::frames_alloc_at(fixed::account, number + 12, 1)));
}

void test_the_halves_of_a_run_are_freed_apart() {
    const auto charged = guest::frames_charged();
    auto low = frames(10);
    auto high = libos::own(sys::frames_split(low.get(), 4));
    TEST_ASSERT_OK(high);
    TEST_ASSERT_EQUAL(4U, info_of(low.get()).count);
    TEST_ASSERT_EQUAL(6U, info_of(high->get()).count);
    TEST_ASSERT_EQUAL(info_of(low.get()).first_frame + 4, info_of(high->get()).first_frame);
    TEST_ASSERT_STATUS(bad_argument,
                       sys::frames_map(own, low.get(), 0, 5, page(0), Protection::read));
    TEST_ASSERT_EQUAL(charged + 10, guest::frames_charged());
    low = OwnedHandle();
    TEST_ASSERT_EQUAL(charged + 6, guest::frames_charged());
    *high = OwnedHandle();
    TEST_ASSERT_EQUAL(charged, guest::frames_charged());
}

void test_merged_runs_are_one() {
    auto low = frames(8);
    auto high = libos::own(sys::frames_split(low.get(), 3));
    TEST_ASSERT_OK(high);
    TEST_ASSERT_STATUS(bad_argument, sys::frames_merge(high->get(), low.get()));
    const Handle gone = high->release();
    TEST_ASSERT_OK(sys::frames_merge(low.get(), gone));
    TEST_ASSERT_EQUAL(8U, info_of(low.get()).count);
    TEST_ASSERT_STATUS(bad_handle, sys::cap_drop(gone));
    TEST_ASSERT_OK(sys::frames_map(own, low.get(), 0, 8, page(0), read_write));
    word(page(7)) = 7;
    TEST_ASSERT_OK(sys::frames_unmap(own, page(0), 8));
}

void test_what_others_refer_to_is_not_split_or_merged() {
    auto low = frames(4);
    auto high = libos::own(sys::frames_split(low.get(), 2));
    TEST_ASSERT_OK(high);
    {
        const auto derived = libos::own(sys::cap_derive(low.get(), Rights::read, 0, 0));
        TEST_ASSERT_OK(derived);
        TEST_ASSERT_STATUS(shared, sys::frames_split(low.get(), 1));
        TEST_ASSERT_STATUS(shared, sys::frames_merge(low.get(), high->get()));
    }
    TEST_ASSERT_OK(sys::frames_map(own, high->get(), 0, 1, page(0), Protection::read));
    TEST_ASSERT_STATUS(shared, sys::frames_split(high->get(), 1));
    TEST_ASSERT_STATUS(shared, sys::frames_merge(low.get(), high->get()));
    TEST_ASSERT_OK(sys::frames_unmap(own, page(0), 1));
    TEST_ASSERT_OK(sys::frames_merge(low.get(), high->release()));
}

void test_a_list_maps_protects_and_unmaps() {
    const auto run = frames(6);
    // One page, three pages in a row, two pages across a MiB.
    const std::array list{page(0), page(10) + 2, page(255) + 1};
    TEST_ASSERT_EQUAL(
        3U, sys::frames_map_list(own, run.get(), 0, list.data(), 3, read_write).value_or(0));
    const std::array all{page(0), page(10), page(11), page(12), page(255), page(256)};
    for (std::uint64_t i = 0; i < all.size(); ++i)
        word(all[i]) = i;
    const auto window = libos::Mapping::create(run.get(), 0, 6, Protection::read);
    TEST_ASSERT_OK(window);
    for (std::uint64_t i = 0; i < all.size(); ++i)
        TEST_ASSERT_EQUAL(i, word(window->address() + i * lamina::page_size));
    TEST_ASSERT_EQUAL(3U,
                      sys::frames_protect_list(own, list.data(), 3, Protection::read).value_or(0));
    TEST_ASSERT_EQUAL(3U, sys::frames_unmap_list(own, list.data(), 3).value_or(0));
    TEST_ASSERT_STATUS(not_mapped, sys::frames_unmap_list(own, list.data(), 3));
}

void test_a_list_stops_at_what_is_refused() {
    const auto run = frames(3);
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), 2, 1, page(1), Protection::read));
    const std::array list{page(0), page(1), page(2)};
    TEST_ASSERT_EQUAL(
        1U, sys::frames_map_list(own, run.get(), 0, list.data(), 3, read_write).value_or(0));
    TEST_ASSERT_STATUS(already_mapped,
                       sys::frames_map_list(own, run.get(), 1, list.data() + 1, 2, read_write));
    TEST_ASSERT_STATUS(not_mapped, sys::frames_unmap(own, page(2), 1));
    TEST_ASSERT_EQUAL(2U, sys::frames_unmap_list(own, list.data(), 3).value_or(0));
}

void test_not_mapped_tells_which_page() {
    const auto run = frames(2);
    TEST_ASSERT_OK(sys::frames_map(own, run.get(), 0, 2, page(0), Protection::read));
    const auto reply = sys::enter(sys::tagged(lamina::Call::frames_unmap), 0, page(0), 5);
    TEST_ASSERT_EQUAL(lamina::Status::not_mapped, reply.status);
    TEST_ASSERT_EQUAL(page(2), reply.value);
    TEST_ASSERT_OK(sys::frames_unmap(own, page(0), 2));
}

void test_a_badge_bounds_the_bits() {
    const auto all = libos::own(sys::notification_create(fixed::account));
    TEST_ASSERT_OK(all);
    const auto some = libos::own(sys::cap_derive(all->get(), Rights::signal | Rights::copy, 6, 0));
    TEST_ASSERT_OK(some);
    TEST_ASSERT_EQUAL(6U, info_of(some->get()).first_frame);
    TEST_ASSERT_OK(sys::notification_signal(some->get(), 4));
    TEST_ASSERT_STATUS(missing_right, sys::notification_signal(some->get(), 12));
    TEST_ASSERT_EQUAL(4U, sys::notification_wait(all->get(), ~0ULL, lamina::no_wait).value_or(0));
    const auto fewer =
        libos::own(sys::cap_derive(some->get(), Rights::signal | Rights::copy, 2, 0));
    TEST_ASSERT_OK(fewer);
    TEST_ASSERT_STATUS(missing_right, sys::notification_signal(fewer->get(), 4));
    TEST_ASSERT_STATUS(bad_argument, sys::cap_derive(fewer->get(), Rights::signal, 6, 0));
    TEST_ASSERT_STATUS(missing_right, sys::env_create(fixed::account, "x", 1, fewer->get(), 8, 0));
    // Without a new one the old badge stays.
    const auto same = libos::own(sys::cap_derive(fewer->get(), Rights::signal, 0, 0));
    TEST_ASSERT_OK(same);
    TEST_ASSERT_EQUAL(2U, info_of(same->get()).first_frame);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_a_long_run_is_zero_and_counts);
    RUN_TEST(test_a_run_by_number_is_that_run);
    RUN_TEST(test_the_halves_of_a_run_are_freed_apart);
    RUN_TEST(test_merged_runs_are_one);
    RUN_TEST(test_what_others_refer_to_is_not_split_or_merged);
    RUN_TEST(test_a_list_maps_protects_and_unmaps);
    RUN_TEST(test_a_list_stops_at_what_is_refused);
    RUN_TEST(test_not_mapped_tells_which_page);
    RUN_TEST(test_a_badge_bounds_the_bits);
    return libos::unity::end();
}
