// tests/copy_on_write/bad_sharing_test.cpp - what a region cannot do is named and changes nothing.
#include <array>
#include <cstdint>

#include "libos/pager/private_region.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/page_state.hpp"
#include "tests/copy_on_write/region_setup.hpp"
#include "tests/copy_on_write/sharer.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Protection;
using lamina::Status;
using libos::PrivateRegion;
using namespace sharer;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

void test_a_sealed_region_is_never_copied() {
    auto region = make_filled();
    TEST_ASSERT_STATUS(bad_argument, region->seal(Protection::read | Protection::write));
    TEST_ASSERT_OK(region->seal(Protection::read));
    auto child = start_with(*region);
    TEST_ASSERT_OK(child);
    const auto before = guest::ledger();
    TEST_ASSERT_EQUAL(pages, *child->tell(Task::count_filled, 0, pages, ours));
    TEST_ASSERT_EQUAL(std::uint64_t(Status::bad_argument), *child->tell(Task::make_private, 0, 1));
    TEST_ASSERT_STATUS(bad_argument, region->make_private(0, 1));
    TEST_ASSERT_EQUAL(before.user, guest::ledger().user);
    const auto offset = region->bytes().data() - reinterpret_cast<std::byte*>(region->origin());
    TEST_ASSERT_FALSE(child->tell(Task::fill, 9, 1, theirs).has_value());
    const auto report = child->end();
    TEST_ASSERT_EQUAL(lamina::EndCause::faulted, report.cause);
    TEST_ASSERT_EQUAL(14U, report.vector);
    TEST_ASSERT_EQUAL(region_address + std::uint64_t(offset) + 9 * lamina::page_size,
                      report.address);
    TEST_ASSERT_EQUAL(pages, filled(*region, ours));
}

void test_a_sealed_region_may_be_code() {
    constexpr std::uint64_t mov_eax_42_ret = 0xc3'0000'002a'b8;
    auto region = make_filled();
    first_word(region->bytes(), 3) = mov_eax_42_ret;
    TEST_ASSERT_OK(region->seal(Protection::read | Protection::execute));
    auto child = start_with(*region);
    TEST_ASSERT_OK(child);
    TEST_ASSERT_EQUAL(42U, *child->tell(Task::run, 3));
    (void)child->end();
    // What was not given to be executed is not.
    auto other = make_filled();
    first_word(other->bytes(), 3) = mov_eax_42_ret;
    auto reader = start_with(*other);
    TEST_ASSERT_OK(reader);
    TEST_ASSERT_FALSE(reader->tell(Task::run, 3).has_value());
    TEST_ASSERT_EQUAL(lamina::EndCause::faulted, reader->end().cause);
}

void test_a_used_up_quota_is_named_and_loses_nothing() {
    auto region = make_filled();
    const auto before = guest::ledger();
    {
        auto child = start_with(*region, 128);
        TEST_ASSERT_OK(child);
        const auto room = child->quota_free();
        TEST_ASSERT_TRUE(room > 0 && room < pages);
        TEST_ASSERT_EQUAL(std::uint64_t(Status::quota_exceeded),
                          *child->tell(Task::make_private, 0, pages));
        TEST_ASSERT_EQUAL(0U, child->quota_free());
        TEST_ASSERT_EQUAL(pages, *child->tell(Task::count_filled, 0, pages, ours));
        const auto copies = *child->tell(Task::copies);
        // What it has got it may write, and the next write ends it.
        TEST_ASSERT_EQUAL(0U, *child->tell(Task::fill, 0, copies, theirs));
        TEST_ASSERT_FALSE(child->tell(Task::fill, copies, 1, theirs).has_value());
        const auto report = child->end();
        TEST_ASSERT_EQUAL(lamina::EndCause::faulted, report.cause);
        TEST_ASSERT_EQUAL(14U, report.vector);
        TEST_ASSERT_EQUAL(pages, filled(*region, ours));
    }
    guest::expect_same(before);
}

// Nothing is left of a sharing that failed: neither there, nor a reference to any frame.
void expect_nothing_shared(PrivateRegion& region, const guest::Ledger& before) {
    TEST_ASSERT_EQUAL(before.user, guest::ledger().user);
    const auto faults = region.statistics().faults;
    fill(region.bytes(), 0, pages, ours);
    TEST_ASSERT_EQUAL(faults, region.statistics().faults);
}

void test_bad_input_changes_nothing() {
    TEST_ASSERT_STATUS(bad_argument, PrivateRegion::create(0));
    TEST_ASSERT_STATUS(bad_argument, PrivateRegion::create(libos::RegionBook::pages_max + 1));
    auto region = make_filled();
    TEST_ASSERT_STATUS(bad_argument, PrivateRegion::adopt(region->origin()));
    TEST_ASSERT_STATUS(bad_argument, PrivateRegion::adopt(region->origin() + 8));
    TEST_ASSERT_STATUS(bad_argument, region->make_private(pages, 1));
    TEST_ASSERT_STATUS(bad_argument, region->make_private(1, ~std::uint64_t{0}));

    auto child = Sharer::start(quota);
    TEST_ASSERT_OK(child);
    const auto before = guest::ledger();
    TEST_ASSERT_STATUS(bad_handle, region->share({lamina::Handle::null, child->account(), 0}));
    TEST_ASSERT_STATUS(wrong_type,
                       region->share({child->account(), child->account(), region_address}));
    TEST_ASSERT_STATUS(bad_handle,
                       region->share({child->env(), lamina::Handle::null, region_address}));
    TEST_ASSERT_STATUS(bad_address, share(*region, *child, region_address + 8));
    TEST_ASSERT_STATUS(bad_address, share(*region, *child, lamina::user_end));
    expect_nothing_shared(*region, before);

    // Something lies where a page in the middle of the second block is to go.
    const auto in_the_way = board_address - 100 * lamina::page_size;
    TEST_ASSERT_STATUS(already_mapped, share(*region, *child, in_the_way));
    expect_nothing_shared(*region, before);
    TEST_ASSERT_EQUAL(0U, *child->tell(Task::readable));
    for (std::uint64_t page = 0; page < 100; ++page)
        TEST_ASSERT_STATUS(not_mapped,
                           libos::page_state(in_the_way + page * lamina::page_size, child->env()));

    // None of that is in the way of a sharing that can be.
    TEST_ASSERT_OK(share(*region, *child));
    TEST_ASSERT_EQUAL(0U, *child->tell(Task::adopt, region_address));
    TEST_ASSERT_EQUAL(pages, *child->tell(Task::count_filled, 0, pages, ours));
    (void)child->end();
    TEST_ASSERT_EQUAL(0U, region->settle());
}

void test_a_quota_too_small_for_the_tables_changes_nothing() {
    auto region = make_filled();
    auto child = Sharer::start(quota);
    TEST_ASSERT_OK(child);
    const auto all_but = [&](std::uint64_t left) {
        return libos::own(sys::frames_alloc(child->account(), child->quota_free() - left));
    };
    // Sharing takes five.
    for (std::uint64_t left = 0; left < 5; ++left) {
        auto taken = all_but(left);
        TEST_ASSERT_OK(taken);
        const auto before = guest::ledger();
        TEST_ASSERT_STATUS(quota_exceeded, share(*region, *child));
        expect_nothing_shared(*region, before);
        if (TEST_FAILED()) return;
    }
    TEST_ASSERT_OK(share(*region, *child));
    (void)child->end();
}

// As one vCPU finds it that touches a page while another one exchanges its frame.
void test_a_page_that_is_away_comes_back() {
    auto region = make_filled();
    const auto page = reinterpret_cast<std::uint64_t>(region->bytes().data());
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, page, 1));
    TEST_ASSERT_EQUAL(pages, filled(*region, ours));
    TEST_ASSERT_EQUAL(1U, region->statistics().faults);
    fill(region->bytes(), 0, 1, ours);
    TEST_ASSERT_EQUAL(1U, region->statistics().faults);
    // Or while it was looked whether the page is nobody else's.
    TEST_ASSERT_OK(sys::frames_protect(fixed::self, page, 1, Protection::read));
    fill(region->bytes(), 0, 1, ours_later);
    TEST_ASSERT_EQUAL(2U, region->statistics().faults);
    TEST_ASSERT_EQUAL(0U, region->statistics().copies);
}

void test_32_regions() {
    std::array<PrivateRegion, PrivateRegion::count_max> all;
    const auto before = guest::ledger();
    for (auto& region : all) {
        auto made = PrivateRegion::create(1);
        TEST_ASSERT_OK(made);
        region = std::move(*made);
    }
    TEST_ASSERT_STATUS(limit_reached, PrivateRegion::create(1));
    for (auto& region : all)
        region = {};
    TEST_ASSERT_EQUAL(before.user, guest::ledger().user);
    TEST_ASSERT_OK(PrivateRegion::create(1));
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    grow_table();
    RUN_TEST(test_a_sealed_region_is_never_copied);
    RUN_TEST(test_a_sealed_region_may_be_code);
    RUN_TEST(test_a_used_up_quota_is_named_and_loses_nothing);
    RUN_TEST(test_bad_input_changes_nothing);
    RUN_TEST(test_a_quota_too_small_for_the_tables_changes_nothing);
    RUN_TEST(test_a_page_that_is_away_comes_back);
    RUN_TEST(test_32_regions);
    return libos::unity::end();
}
