// tests/copy_on_write/copy_on_write_test.cpp - who pays for which frame of a shared region, and
// who sees what.
#include <cstdint>

#include "libos/clock/clock.hpp"
#include "libos/console/console.hpp"
#include "libos/pager/private_region.hpp"
#include "libos/rt/app.hpp"
#include "libos/test/unity.hpp"
#include "tests/copy_on_write/region_setup.hpp"
#include "tests/copy_on_write/sharer.hpp"
#include "tests/guest/support.hpp"

namespace {

using libos::PrivateRegion;
using namespace sharer;

void test_sharing_takes_page_tables_and_no_page() {
    const auto before = guest::ledger();
    {
        auto region = make_filled();
        TEST_ASSERT_OK(region);
        const auto alone = guest::ledger();
        // Its pages and its book. The tables and the room for capabilities may have been there.
        TEST_ASSERT_EQUAL(before.user + pages + 1, alone.user);
        auto child = Sharer::start(quota);
        TEST_ASSERT_OK(child);
        const auto unshared = guest::ledger();
        const auto charged = child->charged();
        TEST_ASSERT_OK(share(*region, *child));
        const auto shared = guest::ledger();
        // Of four levels the child had the root: three tables, and a frame for links. One book.
        TEST_ASSERT_EQUAL(unshared.tables + 4, shared.tables);
        TEST_ASSERT_EQUAL(unshared.user + 1, shared.user);
        TEST_ASSERT_EQUAL(unshared.kernel, shared.kernel);
        TEST_ASSERT_EQUAL(unshared.charged, shared.charged);
        TEST_ASSERT_EQUAL(charged + 5, child->charged());

        // To read copies nothing, and is no fault.
        TEST_ASSERT_EQUAL(0U, *child->tell(Task::adopt, region_address));
        TEST_ASSERT_EQUAL(pages, *child->tell(Task::count_filled, 0, pages, ours));
        TEST_ASSERT_EQUAL(pages, filled(*region, ours));
        TEST_ASSERT_EQUAL(0U, *child->tell(Task::faults));
        TEST_ASSERT_EQUAL(0U, region->statistics().faults);
        TEST_ASSERT_EQUAL(shared.user, guest::ledger().user);
        TEST_ASSERT_EQUAL(charged + 5, child->charged());
        (void)child->end();
    }
    const auto after = guest::ledger();
    TEST_ASSERT_EQUAL(before.user, after.user);
    TEST_ASSERT_EQUAL(before.envs, after.envs);
}

void test_the_child_pays_for_what_it_writes() {
    auto region = make_filled();
    auto child = start_with(*region);
    TEST_ASSERT_OK(child);
    const auto before = guest::ledger();
    const auto charged = child->charged();
    constexpr std::uint64_t written = 5;
    // On both sides of the bound between two blocks.
    TEST_ASSERT_EQUAL(0U, *child->tell(Task::fill, 61, written, theirs));
    const auto after = guest::ledger();
    TEST_ASSERT_EQUAL(before.user + written, after.user);
    TEST_ASSERT_EQUAL(before.tables, after.tables);
    TEST_ASSERT_EQUAL(before.kernel, after.kernel);
    TEST_ASSERT_EQUAL(before.charged, after.charged);
    TEST_ASSERT_EQUAL(charged + written, child->charged());
    TEST_ASSERT_EQUAL(written, *child->tell(Task::copies));
    TEST_ASSERT_EQUAL(pages, filled(*region, ours));
    TEST_ASSERT_EQUAL(written, *child->tell(Task::count_filled, 61, written, theirs));
    TEST_ASSERT_EQUAL(61U, *child->tell(Task::count_filled, 0, 61, ours));
    TEST_ASSERT_EQUAL(62U, *child->tell(Task::count_filled, 66, 62, ours));
    // Its own by now.
    TEST_ASSERT_EQUAL(0U, *child->tell(Task::fill, 61, written, ours_later));
    TEST_ASSERT_EQUAL(written, *child->tell(Task::faults));
    TEST_ASSERT_EQUAL(charged + written, child->charged());
    (void)child->end();
}

void test_the_parent_pays_for_what_it_writes() {
    auto region = make_filled();
    auto child = start_with(*region);
    TEST_ASSERT_OK(child);
    const auto before = guest::ledger();
    const auto charged = child->charged();
    constexpr std::uint64_t written = 7;
    fill(region->bytes(), 60, written, ours_later);
    const auto after = guest::ledger();
    TEST_ASSERT_EQUAL(before.user + written, after.user);
    TEST_ASSERT_EQUAL(before.charged + written, after.charged);
    TEST_ASSERT_EQUAL(charged, child->charged());
    TEST_ASSERT_EQUAL(written, region->statistics().copies);
    TEST_ASSERT_EQUAL(pages, *child->tell(Task::count_filled, 0, pages, ours));
    TEST_ASSERT_EQUAL(written, filled(*region, ours_later, 60, written));
    TEST_ASSERT_EQUAL(pages - written,
                      filled(*region, ours, 0, 60) + filled(*region, ours, 67, pages - 67));
    (void)child->end();
}

void test_the_end_of_the_child_gives_all_back() {
    auto region = make_filled();
    (void)guest::ends();
    const auto before = guest::ledger();
    {
        auto child = start_with(*region);
        TEST_ASSERT_OK(child);
        TEST_ASSERT_EQUAL(0U, *child->tell(Task::fill, 3, 5, theirs));
        (void)child->end();
    }
    guest::expect_same(before);
    // Nobody else uses it, and the parent finds out by itself: one fault for each block.
    fill(region->bytes(), 0, pages, ours_later);
    TEST_ASSERT_EQUAL(pages, filled(*region, ours_later));
    TEST_ASSERT_EQUAL(0U, region->statistics().copies);
    TEST_ASSERT_EQUAL(pages, region->statistics().regained);
    TEST_ASSERT_EQUAL(2U, region->statistics().faults);
    guest::expect_same(before);
}

void test_settling_gives_copies_back() {
    auto region = make_filled();
    const auto before = guest::ledger();
    {
        auto child = start_with(*region);
        TEST_ASSERT_OK(child);
        fill(region->bytes(), 10, 5, ours_later);
        // The copies are the parent's alone.
        TEST_ASSERT_EQUAL(pages - 5, region->settle());
        (void)child->end();
    }
    const auto ended = guest::ledger();
    TEST_ASSERT_EQUAL(before.user + 5, ended.user);
    TEST_ASSERT_EQUAL(before.charged + 5, ended.charged);
    TEST_ASSERT_EQUAL(0U, region->settle());
    guest::expect_same(before);
    TEST_ASSERT_EQUAL(5U, filled(*region, ours_later, 10, 5));
    TEST_ASSERT_EQUAL(pages - 5,
                      filled(*region, ours, 0, 10) + filled(*region, ours, 15, pages - 15));
    const auto faults = region->statistics().faults;
    fill(region->bytes(), 0, pages, ours);
    TEST_ASSERT_EQUAL(faults, region->statistics().faults);
    // The next time that others let go, too, it finds out at once.
    {
        auto child = start_with(*region);
        TEST_ASSERT_OK(child);
        (void)child->end();
    }
    fill(region->bytes(), 0, pages, ours);
    TEST_ASSERT_EQUAL(faults + 2, region->statistics().faults);
}

// All of a block copied: its run is of no use to the parent, and goes with the child's last use.
void test_frames_that_only_the_child_uses_go_with_it() {
    auto region = make_filled();
    const auto before = guest::ledger();
    {
        auto child = start_with(*region);
        TEST_ASSERT_OK(child);
        const auto charged_for_child = guest::frames_charged() - before.charged;
        TEST_ASSERT_OK(region->make_private(0, 64));
        TEST_ASSERT_EQUAL(64U, region->statistics().copies);
        TEST_ASSERT_EQUAL(pages, *child->tell(Task::count_filled, 0, pages, ours));
        TEST_ASSERT_EQUAL(0U, *child->tell(Task::fill, 0, 64, theirs));
        // Both have copies, so the frames they were made from are nobody's.
        TEST_ASSERT_EQUAL(before.charged + charged_for_child, guest::frames_charged());
        (void)child->end();
    }
    guest::expect_same(before);
    TEST_ASSERT_EQUAL(pages, filled(*region, ours));
}

void test_the_child_keeps_what_the_parent_lets_go() {
    const auto before = guest::ledger();
    {
        auto region = make_filled();
        auto child = start_with(*region);
        TEST_ASSERT_OK(child);
        const auto charged = guest::frames_charged();
        *region = {};
        // The frames stay charged to whom they were; the book is gone.
        TEST_ASSERT_EQUAL(charged - 1, guest::frames_charged());
        TEST_ASSERT_EQUAL(pages, *child->tell(Task::count_filled, 0, pages, ours));
        TEST_ASSERT_EQUAL(0U, *child->tell(Task::fill, 0, 3, theirs));
        TEST_ASSERT_EQUAL(3U, *child->tell(Task::copies));
        TEST_ASSERT_EQUAL(0U, *child->tell(Task::let_go));
        TEST_ASSERT_EQUAL(charged - 1 - pages, guest::frames_charged());
        (void)child->end();
    }
    guest::expect_same(before);
}

// What lies in a frame that the parent no longer shows is older than the sharing.
void test_a_second_child_sees_the_region_as_it_is() {
    auto region = make_filled();
    const auto before = guest::ledger();
    {
        auto first = start_with(*region);
        TEST_ASSERT_OK(first);
        fill(region->bytes(), 20, 2, ours_later);
        auto second = start_with(*region);
        TEST_ASSERT_OK(second);
        TEST_ASSERT_EQUAL(pages, *second->tell(Task::readable));
        TEST_ASSERT_EQUAL(2U, *second->tell(Task::count_filled, 20, 2, ours_later));
        TEST_ASSERT_EQUAL(20U, *second->tell(Task::count_filled, 0, 20, ours));
        TEST_ASSERT_EQUAL(pages, *first->tell(Task::count_filled, 0, pages, ours));
        // Not one page is writable without a fault, to anybody.
        fill(region->bytes(), 20, 1, ours);
        TEST_ASSERT_EQUAL(3U, region->statistics().copies);
        TEST_ASSERT_EQUAL(2U, *second->tell(Task::count_filled, 20, 2, ours_later));
        TEST_ASSERT_EQUAL(0U, *second->tell(Task::fill, 0, 30, theirs));
        TEST_ASSERT_EQUAL(pages, *first->tell(Task::count_filled, 0, pages, ours));
        TEST_ASSERT_EQUAL(20U, filled(*region, ours, 0, 20));
        (void)first->end();
        (void)second->end();
    }
    TEST_ASSERT_EQUAL(0U, region->settle());
    guest::expect_same(before);
}

void test_a_grandchild() {
    auto region = make_filled();
    const auto before = guest::ledger();
    {
        auto child = start_with(*region);
        TEST_ASSERT_OK(child);
        // The line of sharer.cpp that failed.
        TEST_ASSERT_EQUAL(0U, *child->tell(Task::share_on, 0, pages));
        TEST_ASSERT_EQUAL(pages, filled(*region, ours));
        (void)child->end();
    }
    guest::expect_same(before);
    TEST_ASSERT_EQUAL(0U, region->settle());
}

// In virtual time, where an instruction takes a nanosecond.
std::uint64_t now() { return libos::now_ns().value_or(0); }

void test_what_it_costs() {
    constexpr std::uint64_t many = 512;
    auto region = PrivateRegion::create(many);
    TEST_ASSERT_OK(region);
    auto child = Sharer::start(quota);
    TEST_ASSERT_OK(child);
    const auto start = now();
    TEST_ASSERT_OK(share(*region, *child));
    const auto shared = now();
    const auto page = reinterpret_cast<volatile std::byte*>(region->bytes().data());
    for (std::uint64_t i = 0; i < 8; ++i)
        page[i * lamina::page_size] = std::byte{1};
    const auto written = now();
    (void)child->end();
    const auto ended = now();
    page[100 * lamina::page_size] = std::byte{1};
    const auto regained = now();
    TEST_ASSERT_EQUAL(8U, region->statistics().copies);
    TEST_ASSERT_EQUAL(64U, region->statistics().regained);
    libos::print("copy on write: instructions to share 512 pages ", shared - start,
                 ", to copy one ", (written - shared) / 8, ", to have 64 back ", regained - ended,
                 "\n");
    // Not as many as to copy 512 pages, word by word.
    TEST_ASSERT_TRUE(shared - start < many * 512);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    grow_table();
    RUN_TEST(test_sharing_takes_page_tables_and_no_page);
    RUN_TEST(test_the_child_pays_for_what_it_writes);
    RUN_TEST(test_the_parent_pays_for_what_it_writes);
    RUN_TEST(test_the_end_of_the_child_gives_all_back);
    RUN_TEST(test_settling_gives_copies_back);
    RUN_TEST(test_frames_that_only_the_child_uses_go_with_it);
    RUN_TEST(test_the_child_keeps_what_the_parent_lets_go);
    RUN_TEST(test_a_second_child_sees_the_region_as_it_is);
    RUN_TEST(test_a_grandchild);
    RUN_TEST(test_what_it_costs);
    return libos::unity::end();
}
