// tests/guest/loader_test.cpp - 1200 damaged executables through the loader: refused or run, no
// trace.
#include <array>
#include <cstring>
#include <memory>

#include "lamina/elf.hpp"
#include "libos/console/console.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "tests/guest/support.hpp"
#include "tests/mutation/mutation.hpp"

namespace {

using lamina::Status;

constexpr std::uint64_t rounds = 1200;

// Where the program headers of an ELF file stand.
mutation::Shape shape_of(std::span<const std::byte> file) {
    lamina::ElfHeader header;
    std::memcpy(&header, file.data(), sizeof header);
    return {sizeof header, header.program_headers, sizeof(lamina::ElfProgramHeader),
            header.program_header_count};
}

// What spawn() may say of a bad file, or of one that wants more than its quota or what the loader
// itself puts somewhere.
bool expected(Status status) {
    return std::string_view(lamina::status_name(status)).starts_with("elf_") ||
           status == Status::quota_exceeded || status == Status::already_mapped;
}

struct Tally {
    std::array<std::uint32_t, 128> by_status = {};
    std::uint32_t started = 0;

    std::uint32_t count(Status status) const { return by_status[std::uint32_t(status)]; }
};

Tally tally;

void test_damaged_executables_are_refused_by_name_or_run_and_leave_nothing() {
    const auto good = guest::elf("hello");
    const auto shape = shape_of(good);
    const std::unique_ptr<std::byte[]> copy(new std::byte[good.size()]);
    // The first start maps what this app keeps.
    (void)guest::run("hello");
    const auto free = guest::frames_free();
    const auto charged = guest::frames_charged();
    for (std::uint64_t round = 0; round < rounds; ++round) {
        std::memcpy(copy.get(), good.data(), good.size());
        mutation::Random random(round + 1);
        const auto length = mutation::damage(random, {copy.get(), good.size()}, shape);
        auto request = guest::request("hello");
        request.elf = {copy.get(), length};
        request.grants = {};
        auto child = libos::spawn(request);
        if (child) {
            ++tally.started;
            // What it does is its own business; it may loop.
            (void)libos::sys::vcpu_yield();
            (void)libos::sys::env_end(child->env.get(), 0);
            (void)guest::wait_end(std::move(*child));
        } else if (expected(child.error())) {
            ++tally.by_status[std::uint32_t(child.error())];
        } else {
            libos::TextBuffer<100> why;
            put(why, "round ", round, ": ", lamina::status_name(child.error()));
            TEST_FAIL_MESSAGE(why.view());
        }
        TEST_ASSERT_EQUAL(charged, guest::frames_charged());
    }
    TEST_ASSERT_EQUAL(free, guest::frames_free());
}

void test_every_cause_was_met() {
    constexpr Status causes[] = {
        Status::elf_truncated,     Status::elf_magic,           Status::elf_not_x86_64,
        Status::elf_not_static,    Status::elf_bad_header,      Status::elf_segment_range,
        Status::elf_segment_align, Status::elf_segment_overlap, Status::elf_write_and_execute,
        Status::elf_bad_entry,     Status::quota_exceeded,
    };
    for (const auto cause : causes)
        TEST_ASSERT_MESSAGE(tally.count(cause) != 0, lamina::status_name(cause));
    TEST_ASSERT_TRUE(tally.started > 50);
}

void test_the_good_executable_still_runs() { TEST_ASSERT_EQUAL(0U, guest::run("hello").status); }

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_damaged_executables_are_refused_by_name_or_run_and_leave_nothing);
    RUN_TEST(test_every_cause_was_met);
    RUN_TEST(test_the_good_executable_still_runs);
    return libos::unity::end();
}
