// tests/ring3/sharing_test.cpp - no register passes from one environment to another, and exceptions
// are told exactly.
#include <cstdint>
#include <span>
#include <string_view>

#include "lamina/archive.hpp"
#include "lamina/report.hpp"
#include "libos/loader/loader.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/mapping.hpp"

namespace {

using lamina::EndCause;
using lamina::EnvReport;
namespace sys = libos::sys;

std::span<const std::byte> elf;
lamina::Handle ends;

/// Finds the app in the boot archive.
bool prepare() {
    lamina::CapInfo info = {};
    if (!sys::cap_inspect(libos::fixed::archive, &info)) return false;
    auto mapping =
        libos::Mapping::create(libos::fixed::archive, 0, info.count, lamina::Protection::read);
    const auto notification = sys::notification_create(libos::fixed::account);
    if (!mapping || !notification) return false;
    const auto archive = lamina::Archive::open(mapping->release());
    if (!archive) return false;
    const auto found = archive->find("sharer", lamina::ArchiveKind::app);
    if (!found) return false;
    elf = *found;
    ends = *notification;
    return true;
}

lamina::Result<libos::Child> start(std::string_view deed) {
    libos::SpawnRequest request;
    request.name = "sharer";
    request.elf = elf;
    request.arguments = {&deed, 1};
    request.quota_frames = 256;
    request.notification = ends;
    request.end_bits = 1;
    return libos::spawn(request);
}

EnvReport wait_end(lamina::Result<libos::Child> child) {
    EnvReport report = {};
    if (!child) return report;
    while (!sys::env_report(child->env.get(), &report))
        (void)sys::notification_wait(ends, 1, lamina::wait_forever);
    return report;
}

EnvReport run(std::string_view deed) { return wait_end(start(deed)); }

bool exited(const EnvReport& report, std::uint32_t status) {
    return report.env_id != 0 && report.cause == EndCause::exited && report.status == status;
}

// Vector registers, x87 and MXCSR of a new environment are as after a reset, whatever ran before.
void test_extended_state_starts_clean() {
    TEST_ASSERT_TRUE(exited(run("keep-1"), 0));
    TEST_ASSERT_TRUE(exited(run("extended-state"), 0));
    auto busy = start("keep-2");
    TEST_ASSERT_TRUE(exited(run("extended-state"), 0));
    TEST_ASSERT_TRUE(exited(wait_end(std::move(busy)), 0));
}

// Environments that take turns keep their own vector registers, MXCSR, FS and GS base.
void test_registers_stay_with_their_environment() {
    auto one = start("keep-3");
    auto two = start("keep-4");
    auto three = start("keep-5");
    TEST_ASSERT_TRUE(exited(wait_end(std::move(one)), 0));
    TEST_ASSERT_TRUE(exited(wait_end(std::move(two)), 0));
    TEST_ASSERT_TRUE(exited(wait_end(std::move(three)), 0));
}

// The segment selectors that one environment sets are not seen by the next.
void test_selectors_do_not_pass() {
    TEST_ASSERT_TRUE(exited(run("keep-6"), 0));
    TEST_ASSERT_TRUE(exited(run("selectors"), 0));
    auto busy = start("keep-7");
    TEST_ASSERT_TRUE(exited(run("selectors"), 0));
    TEST_ASSERT_TRUE(exited(wait_end(std::move(busy)), 0));
}

// The alignment-check flag is without effect, for the program and for the kernel.
void test_alignment_flag_has_no_effect() { TEST_ASSERT_TRUE(exited(run("alignment-flag"), 0)); }

// A page that one environment maps into another cannot be made more than was given, although the
// capability it was mapped by allows more; a page of one's own can.
void test_a_mapping_is_no_more_than_was_given() {
    using lamina::Protection;
    constexpr std::uint64_t address = 0x7000'0000'0000;  // the libOS uses less
    constexpr auto read_write = Protection::read | Protection::write;
    const auto run = sys::frames_alloc(libos::fixed::account, 1);
    const auto env = sys::env_create(libos::fixed::account, "given", 5, ends, 1, 0);
    TEST_ASSERT_OK(run);
    TEST_ASSERT_OK(env);
    for (const auto target : {*env, libos::fixed::self})
        TEST_ASSERT_OK(sys::frames_map(target, *run, 0, 1, address, Protection::read));
    TEST_ASSERT_STATUS(missing_right, sys::frames_protect(*env, address, 1, read_write));
    TEST_ASSERT_OK(sys::frames_protect(libos::fixed::self, address, 1, read_write));
    TEST_ASSERT_OK(sys::frames_unmap(*env, address, 1));
    TEST_ASSERT_OK(sys::frames_map(*env, *run, 0, 1, address, read_write));
    TEST_ASSERT_OK(sys::frames_protect(*env, address, 1, Protection::read));
    TEST_ASSERT_OK(sys::frames_protect(*env, address, 1, read_write));
    TEST_ASSERT_OK(sys::frames_unmap(libos::fixed::self, address, 1));
    TEST_ASSERT_OK(sys::env_end(*env, 0));
}

struct Fault {
    std::string_view deed;
    std::uint32_t vector;
    std::uint32_t error_code;
};

// Page faults: present 1, write 2, user 4, fetch 16 (Intel SDM vol. 3A, 4.7).
constexpr Fault faults[] = {
    {"x87-error", 16, 0},
    {"read-unmapped", 14, 4},
    {"write-unmapped", 14, 2 | 4},
    {"call-unmapped", 14, 4 | 16},
    {"read-kernel", 14, 1 | 4},
    {"write-kernel", 14, 1 | 2 | 4},
    {"call-kernel", 14, 1 | 4 | 16},
    {"write-code", 14, 1 | 2 | 4},
    {"call-data", 14, 1 | 4 | 16},
};

// An exception ends its environment with the vector and the error code of the processor.
void test_exceptions_are_told_exactly() {
    for (const Fault& fault : faults) {
        const EnvReport report = run(fault.deed);
        if (report.cause == EndCause::faulted && report.vector == fault.vector &&
            report.error_code == fault.error_code && report.status == lamina::status_faulted)
            continue;
        libos::TextBuffer<160> why;
        put(why, fault.deed, ": cause ", std::uint32_t(report.cause), " vector ", report.vector,
            " error code ", report.error_code);
        TEST_FAIL_MESSAGE(why.view());
    }
}

// A stack pointer that is no address is a fault of the program: a stack fault, by QEMU's emulation
// a general protection fault.
void test_bad_stack_pointer() {
    const EnvReport report = run("stack");
    TEST_ASSERT_EQUAL(EndCause::faulted, report.cause);
    TEST_ASSERT_TRUE(report.vector == 12 || report.vector == 13);
    TEST_ASSERT_EQUAL(0U, report.error_code);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!prepare()) return 1;
    RUN_TEST(test_extended_state_starts_clean);
    RUN_TEST(test_registers_stay_with_their_environment);
    RUN_TEST(test_selectors_do_not_pass);
    RUN_TEST(test_alignment_flag_has_no_effect);
    RUN_TEST(test_a_mapping_is_no_more_than_was_given);
    RUN_TEST(test_exceptions_are_told_exactly);
    RUN_TEST(test_bad_stack_pointer);
    return libos::unity::end();
}
