// tests/guest/memory_test.cpp - frames, mappings, capabilities and the heap from inside.
#include <array>
#include <cstdint>
#include <cstring>
#include <new>

#include "libos/alloc/allocator.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Handle;
using lamina::Protection;
using lamina::Rights;
using libos::Mapping;
using libos::OwnedHandle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

// Addresses nothing else in this app uses.
constexpr std::uint64_t here = 0x5100'0000'0000;
constexpr auto read_write = Protection::read | Protection::write;

volatile std::uint64_t& word(std::uint64_t address) {
    return *reinterpret_cast<volatile std::uint64_t*>(address);
}

OwnedHandle frames(std::uint64_t count) {
    auto made = libos::own(sys::frames_alloc(fixed::account, count));
    return made ? std::move(*made) : OwnedHandle();
}

void test_new_frames_are_zero_even_if_used_before() {
    for (int round = 0; round < 3; ++round) {
        auto mapping = Mapping::create_new(fixed::account, 8);
        TEST_ASSERT_OK(mapping);
        for (const auto byte : mapping->bytes())
            TEST_ASSERT_EQUAL(0, int(byte));
        std::memset(mapping->bytes().data(), 0xa5, mapping->bytes().size());
    }
}

void test_one_frame_can_be_mapped_twice() {
    const auto run = frames(1);
    auto first = Mapping::create(run.get(), 0, 1, read_write);
    auto second = Mapping::create(run.get(), 0, 1, Protection::read);
    TEST_ASSERT_OK(first);
    TEST_ASSERT_OK(second);
    word(first->address()) = 0x1234;
    TEST_ASSERT_EQUAL(0x1234U, word(second->address()));
}

void test_a_sub_range_is_the_pages_it_says() {
    const auto run = frames(4);
    const auto part = libos::own(sys::cap_derive(run.get(), Rights::read, 2, 1));
    TEST_ASSERT_OK(part);
    auto whole = Mapping::create(run.get(), 0, 4, read_write);
    auto page = Mapping::create(part->get(), 0, 1, Protection::read);
    TEST_ASSERT_OK(whole);
    TEST_ASSERT_OK(page);
    word(whole->address() + 2 * lamina::page_size) = 77;
    TEST_ASSERT_EQUAL(77U, word(page->address()));
    TEST_ASSERT_STATUS(missing_right,
                       sys::frames_map(fixed::self, part->get(), 0, 1, here, read_write));
    TEST_ASSERT_STATUS(bad_argument,
                       sys::frames_map(fixed::self, part->get(), 0, 2, here, Protection::read));
    TEST_ASSERT_STATUS(bad_argument, sys::cap_derive(run.get(), Rights::read, 3, 2));
    TEST_ASSERT_STATUS(missing_right, sys::cap_derive(part->get(), Rights::read, 0, 0));
}

void test_no_mapping_is_writable_and_executable() {
    const auto run = frames(1);
    const auto both = Protection::write | Protection::execute;
    TEST_ASSERT_STATUS(write_and_execute,
                       sys::frames_map(fixed::self, run.get(), 0, 1, here, both));
    TEST_ASSERT_STATUS(write_and_execute, sys::frames_map(fixed::self, run.get(), 0, 1, here,
                                                          both | Protection::read));
    TEST_ASSERT_STATUS(not_mapped, sys::frames_unmap(fixed::self, here, 1));
}

void test_written_code_runs_once_it_is_executable() {
    const auto run = frames(1);
    {
        auto writable = Mapping::create(run.get(), 0, 1, read_write);
        TEST_ASSERT_OK(writable);
        // mov $42, %eax; ret
        const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
        std::memcpy(writable->bytes().data(), code, sizeof code);
    }
    auto executable = Mapping::create(run.get(), 0, 1, Protection::read | Protection::execute);
    TEST_ASSERT_OK(executable);
    TEST_ASSERT_EQUAL(42, reinterpret_cast<int (*)()>(executable->address())());
}

void test_protection_changes_within_the_rights() {
    const auto run = frames(2);
    TEST_ASSERT_OK(sys::frames_map(fixed::self, run.get(), 0, 2, here, read_write));
    // mov $43, %eax; ret
    const unsigned char code[] = {0xb8, 43, 0, 0, 0, 0xc3};
    std::memcpy(reinterpret_cast<void*>(here), code, sizeof code);
    TEST_ASSERT_STATUS(
        write_and_execute,
        sys::frames_protect(fixed::self, here, 2, Protection::write | Protection::execute));
    TEST_ASSERT_OK(
        sys::frames_protect(fixed::self, here, 1, Protection::read | Protection::execute));
    TEST_ASSERT_EQUAL(43, reinterpret_cast<int (*)()>(here)());
    // The second page stayed writable, the first is not: the kernel does not write it either.
    word(here + lamina::page_size) = 1;
    TEST_ASSERT_STATUS(not_mapped,
                       sys::cap_inspect(fixed::self, reinterpret_cast<lamina::CapInfo*>(here)));
    TEST_ASSERT_OK(sys::frames_protect(fixed::self, here, 2, read_write));
    word(here) = 2;
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here, 2));
    const auto weak = libos::own(sys::cap_derive(run.get(), Rights::read, 0, 0));
    TEST_ASSERT_OK(weak);
    TEST_ASSERT_OK(sys::frames_map(fixed::self, weak->get(), 0, 1, here, Protection::read));
    TEST_ASSERT_STATUS(missing_right, sys::frames_protect(fixed::self, here, 1, read_write));
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here, 1));
}

void test_an_address_mapped_anew_shows_the_new_frame() {
    const auto old_run = frames(1);
    const auto new_run = frames(1);
    TEST_ASSERT_OK(sys::frames_map(fixed::self, old_run.get(), 0, 1, here, read_write));
    word(here) = 1;
    TEST_ASSERT_STATUS(already_mapped,
                       sys::frames_map(fixed::self, new_run.get(), 0, 1, here, read_write));
    TEST_ASSERT_EQUAL(1U, word(here));
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here, 1));
    TEST_ASSERT_OK(sys::frames_map(fixed::self, new_run.get(), 0, 1, here, read_write));
    TEST_ASSERT_EQUAL(0U, word(here));
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here, 1));
}

void test_unmapping_a_range_with_a_hole_changes_nothing() {
    const auto run = frames(3);
    TEST_ASSERT_OK(sys::frames_map(fixed::self, run.get(), 0, 3, here, read_write));
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here + lamina::page_size, 1));
    TEST_ASSERT_STATUS(not_mapped, sys::frames_unmap(fixed::self, here, 3));
    word(here) = 5;
    word(here + 2 * lamina::page_size) = 6;
    TEST_ASSERT_STATUS(already_mapped,
                       sys::frames_map(fixed::self, run.get(), 0, 3, here, read_write));
    TEST_ASSERT_STATUS(not_mapped, sys::frames_unmap(fixed::self, here + lamina::page_size, 1));
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here, 1));
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here + 2 * lamina::page_size, 1));
}

void test_frames_live_until_dropped_and_unmapped() {
    // The tables for `here` exist from now on.
    {
        const auto run = frames(1);
        TEST_ASSERT_OK(sys::frames_map(fixed::self, run.get(), 0, 1, here, read_write));
        TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here, 1));
    }
    const auto charged = guest::frames_charged();
    {
        const auto run = frames(5);
        TEST_ASSERT_EQUAL(charged + 5, guest::frames_charged());
        TEST_ASSERT_OK(sys::frames_map(fixed::self, run.get(), 0, 5, here, read_write));
    }
    word(here) = 9;
    TEST_ASSERT_EQUAL(charged + 5, guest::frames_charged());
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here, 2));
    // A run is charged as a whole.
    TEST_ASSERT_EQUAL(charged + 5, guest::frames_charged());
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here + 2 * lamina::page_size, 3));
    TEST_ASSERT_EQUAL(charged, guest::frames_charged());
}

void test_a_failed_map_leaves_no_tables_behind() {
    const auto charged_before = guest::frames_charged();
    auto account = libos::own(sys::account_create(fixed::account, 64));
    TEST_ASSERT_OK(account);
    // Left after the environment's own four frames and the run: not enough for three tables.
    const auto env = libos::own(sys::env_create(account->get(), "small", 5, guest::ends(), 1, 0));
    TEST_ASSERT_OK(env);
    lamina::CapInfo info = {};
    TEST_ASSERT_OK(sys::cap_inspect(account->get(), &info));
    const auto fill = libos::own(sys::frames_alloc(account->get(), info.count - info.used - 2));
    TEST_ASSERT_OK(fill);
    TEST_ASSERT_OK(sys::cap_inspect(account->get(), &info));
    const auto used = info.used;
    TEST_ASSERT_STATUS(quota_exceeded,
                       sys::frames_map(env->get(), fill->get(), 0, 1, here, Protection::read));
    TEST_ASSERT_OK(sys::cap_inspect(account->get(), &info));
    TEST_ASSERT_EQUAL(used, info.used);
    TEST_ASSERT_OK(sys::env_end(env->get(), 0));
    lamina::EnvReport report = {};
    while (!sys::env_report(env->get(), &report))
        TEST_ASSERT_OK(sys::notification_wait(guest::ends(), 1, lamina::wait_forever));
    TEST_ASSERT_TRUE(guest::frames_charged() > charged_before);
}

void test_a_call_takes_at_most_512_pages() {
    const auto run = frames(513);
    TEST_ASSERT_TRUE(run.get() != Handle::null);
    TEST_ASSERT_STATUS(bad_argument,
                       sys::frames_map(fixed::self, run.get(), 0, 513, here, read_write));
    TEST_ASSERT_OK(sys::frames_map(fixed::self, run.get(), 0, 512, here, read_write));
    TEST_ASSERT_OK(sys::frames_map(fixed::self, run.get(), 512, 1, here + 512 * lamina::page_size,
                                   read_write));
    word(here + 512 * lamina::page_size) = 1;
    TEST_ASSERT_STATUS(bad_argument, sys::frames_protect(fixed::self, here, 513, Protection::read));
    TEST_ASSERT_STATUS(bad_argument, sys::frames_unmap(fixed::self, here, 513));
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here, 512));
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here + 512 * lamina::page_size, 1));
}

void test_a_mapping_of_more_pages_than_a_call_takes() {
    const auto charged = guest::frames_charged();
    {
        auto mapping = Mapping::create_new(fixed::account, 1300);
        TEST_ASSERT_OK(mapping);
        for (std::uint64_t page = 0; page < 1300; ++page)
            word(mapping->address() + page * lamina::page_size) = page;
        for (std::uint64_t page = 0; page < 1300; ++page)
            TEST_ASSERT_EQUAL(page, word(mapping->address() + page * lamina::page_size));
    }
    // Tables stay.
    TEST_ASSERT_TRUE(guest::frames_charged() - charged < 8);
    TEST_ASSERT_STATUS(quota_exceeded, Mapping::create_new(fixed::account, 1 << 20));
    TEST_ASSERT_TRUE(guest::frames_charged() - charged < 800);
}

void test_a_dropped_handle_is_stale_and_its_slot_gets_a_new_generation() {
    auto first = frames(1).release();
    TEST_ASSERT_OK(sys::cap_drop(first));
    lamina::CapInfo info = {};
    TEST_ASSERT_STATUS(bad_handle, sys::cap_inspect(first, &info));
    TEST_ASSERT_STATUS(bad_handle, sys::cap_drop(first));
    // The slots are used in turn: after a whole round the slot is used again.
    for (int i = 0; i < 400; ++i) {
        const auto again = frames(1);
        TEST_ASSERT_TRUE(again.get() != first);
        if (lamina::handle_slot(again.get()) != lamina::handle_slot(first)) continue;
        TEST_ASSERT_EQUAL(lamina::handle_generation(first) + 1,
                          lamina::handle_generation(again.get()));
        TEST_ASSERT_STATUS(bad_handle, sys::cap_inspect(first, &info));
        return;
    }
    TEST_FAIL_MESSAGE("the slot was not used again");
}

void test_a_full_table_refuses_and_recovers() {
    const auto parent = libos::own(sys::cap_derive(fixed::account, Rights::copy, 0, 0));
    TEST_ASSERT_OK(parent);
    const auto before = guest::frames_charged();
    std::uint64_t count = 0;
    auto derived = sys::cap_derive(parent->get(), Rights::copy, 0, 0);
    for (; derived; ++count)
        derived = sys::cap_derive(parent->get(), Rights::copy, 0, 0);
    TEST_ASSERT_STATUS(table_full, derived);
    TEST_ASSERT_TRUE(count > 4000);
    const auto charged = guest::frames_charged();
    TEST_ASSERT_TRUE(charged > before);
    TEST_ASSERT_STATUS(table_full, sys::frames_alloc(fixed::account, 1));
    TEST_ASSERT_STATUS(table_full, sys::notification_create(fixed::account));
    TEST_ASSERT_STATUS(table_full, sys::account_create(fixed::account, 1));
    TEST_ASSERT_STATUS(table_full, sys::env_create(fixed::account, "x", 1, Handle::null, 0, 0));
    TEST_ASSERT_EQUAL(charged, guest::frames_charged());
    TEST_ASSERT_OK(sys::cap_revoke(parent->get()));
    TEST_ASSERT_TRUE(frames(1).get() != Handle::null);
}

void test_rights_only_shrink() {
    const auto run = frames(1);
    const auto weak = libos::own(sys::cap_derive(run.get(), Rights::read | Rights::copy, 0, 0));
    TEST_ASSERT_OK(weak);
    TEST_ASSERT_STATUS(missing_right,
                       sys::cap_derive(weak->get(), Rights::read | Rights::write, 0, 0));
    TEST_ASSERT_STATUS(missing_right, sys::cap_derive(run.get(), Rights::all, 0, 0));
    lamina::CapInfo info = {};
    TEST_ASSERT_OK(sys::cap_inspect(weak->get(), &info));
    TEST_ASSERT_EQUAL(Rights::read | Rights::copy, info.rights);
    TEST_ASSERT_EQUAL(1U, info.count);
}

void test_the_heap_gives_takes_and_reuses() {
    const auto before = libos::allocator().statistics();
    std::array<char*, 64> blocks = {};
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        blocks[i] = new char[i * 100 + 1];
        std::memset(blocks[i], int(i), i * 100 + 1);
    }
    for (std::size_t i = 0; i < blocks.size(); ++i)
        TEST_ASSERT_EQUAL(char(i), blocks[i][i * 100]);
    for (const auto* block : blocks)
        delete[] block;
    const auto after = libos::allocator().statistics();
    TEST_ASSERT_EQUAL(before.blocks, after.blocks);
    TEST_ASSERT_EQUAL(before.bytes_used, after.bytes_used);
    auto* large = new char[3 << 20];
    large[(3 << 20) - 1] = 1;
    delete[] large;
    TEST_ASSERT_TRUE(new (std::nothrow) char[std::size_t{1} << 40] == nullptr);
}

void test_memory_functions() {
    char text[] = "0123456789";
    std::memmove(text + 2, text, 5);
    TEST_ASSERT_EQUAL(0, std::memcmp(text, "0101234789", 10));
    std::memmove(text, text + 2, 5);
    TEST_ASSERT_EQUAL(0, std::memcmp(text, "0123434789", 10));
    TEST_ASSERT_TRUE(std::memcmp("abc", "abd", 3) < 0);
    TEST_ASSERT_TRUE(std::memcmp("ab\xff", "ab\x01", 3) > 0);
    volatile std::size_t length = 4;
    TEST_ASSERT_EQUAL(0, std::memcmp("abcdX", "abcdY", length));
    const char* volatile nul_ended = "hello";
    TEST_ASSERT_EQUAL(5U, std::strlen(nul_ended));
    TEST_ASSERT_TRUE(std::memchr(nul_ended, 'l', 5) == nul_ended + 2);
    TEST_ASSERT_TRUE(std::memchr(nul_ended, 'x', 5) == nullptr);
    TEST_ASSERT_TRUE(std::strcmp(nul_ended, "hello") == 0);
    TEST_ASSERT_TRUE(std::strcmp(nul_ended, "help") < 0);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_new_frames_are_zero_even_if_used_before);
    RUN_TEST(test_one_frame_can_be_mapped_twice);
    RUN_TEST(test_a_sub_range_is_the_pages_it_says);
    RUN_TEST(test_no_mapping_is_writable_and_executable);
    RUN_TEST(test_written_code_runs_once_it_is_executable);
    RUN_TEST(test_protection_changes_within_the_rights);
    RUN_TEST(test_an_address_mapped_anew_shows_the_new_frame);
    RUN_TEST(test_unmapping_a_range_with_a_hole_changes_nothing);
    RUN_TEST(test_frames_live_until_dropped_and_unmapped);
    RUN_TEST(test_a_failed_map_leaves_no_tables_behind);
    RUN_TEST(test_a_call_takes_at_most_512_pages);
    RUN_TEST(test_a_mapping_of_more_pages_than_a_call_takes);
    RUN_TEST(test_a_dropped_handle_is_stale_and_its_slot_gets_a_new_generation);
    RUN_TEST(test_a_full_table_refuses_and_recovers);
    RUN_TEST(test_rights_only_shrink);
    RUN_TEST(test_the_heap_gives_takes_and_reuses);
    RUN_TEST(test_memory_functions);
    return libos::unity::end();
}
