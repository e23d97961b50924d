// tests/guest/env_test.cpp - environments from inside: ends of every kind, reports, quotas, frames.
#include <array>
#include <cstring>

#include "lamina/elf.hpp"
#include "lamina/start.hpp"
#include "libos/clock/clock.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/rt/arguments.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::EndCause;
using lamina::EnvReport;
using lamina::Status;
namespace sys = libos::sys;

void test_exit_status_and_name_are_reported() {
    const auto report = guest::run("victim", {"exit", "42"});
    TEST_ASSERT_EQUAL(EndCause::exited, report.cause);
    TEST_ASSERT_EQUAL(42U, report.status);
    TEST_ASSERT_EQUAL("victim", std::string_view(report.name));
    TEST_ASSERT_EQUAL(255U, guest::run("victim", {"exit", "255"}).status);
}

void test_ids_never_repeat() {
    auto before = guest::run("victim", {"exit", "0"}).env_id;
    for (int i = 0; i < 5; ++i) {
        const auto id = guest::run("victim", {"exit", "0"}).env_id;
        TEST_ASSERT_TRUE(id > before);
        before = id;
    }
}

// What the loader does, in its simplest form, for a start block of our own.
template <typename Spoil>
lamina::Result<libos::Child> start_by_hand(std::span<const std::byte> file, Spoil spoil) {
    using lamina::Protection;
    constexpr auto read_write = Protection::read | Protection::write;
    constexpr std::uint64_t stack_end = 0x5000'0000'0000;
    constexpr std::uint64_t block_address = 0x5100'0000'0000;
    LAMINA_TRY(const auto elf, lamina::ElfFile::open(file));
    LAMINA_TRY(auto env, libos::own(sys::env_create(libos::fixed::account, "victim", 6,
                                                    guest::ends(), 1, 0)));
    const auto put_pages = [&](std::uint64_t address, std::uint64_t pages, Protection protection,
                               std::span<const std::byte> contents,
                               std::uint64_t offset) -> lamina::Result<void> {
        LAMINA_TRY(const auto run, libos::own(sys::frames_alloc(libos::fixed::account, pages)));
        LAMINA_TRY(const auto here, libos::Mapping::create(run.get(), 0, pages, read_write));
        std::memcpy(here.bytes().data() + offset, contents.data(), contents.size());
        return sys::frames_map(env.get(), run.get(), 0, pages, address, protection);
    };
    for (const auto& segment : elf.segments())
        LAMINA_CHECK(put_pages(segment.first_page(), segment.page_count(), segment.protection,
                               segment.contents, segment.address % lamina::page_size));
    LAMINA_CHECK(put_pages(stack_end - 4 * lamina::page_size, 4, read_write, {}, 0));
    static lamina::StartBlock block;
    block = {};
    const std::string_view arguments[] = {"victim"};
    (void)libos::join_arguments(arguments, block);
    spoil(block);
    LAMINA_CHECK(
        put_pages(block_address, 1, Protection::read, std::as_bytes(std::span(&block, 1)), 0));
    LAMINA_CHECK(sys::cap_copy(env.get(), libos::fixed::console, lamina::Rights::write,
                               lamina::slots::console));
    LAMINA_CHECK(sys::env_start(env.get(), elf.entry(), stack_end, block_address));
    return libos::Child{std::move(env), 0};
}

struct Fault {
    std::string_view deed;
    std::uint32_t vector;
    std::uint32_t error_bits;  // that must be set
};

// Vectors and error codes: Intel SDM vol. 3A, 6.15; page faults, 4.7: write 2, user 4, fetch 16.
constexpr Fault faults[] = {
    {"breakpoint", 3, 0},
    {"single-step", 1, 0},
    {"disable-interrupts", 13, 0},
    {"halt", 13, 0},
    {"port-output", 13, 0},
    {"read-control-register", 13, 0},
    {"store-descriptor-table", 13, 0},
    {"kernel-interrupt", 13, 0},
    {"read-non-canonical", 13, 0},
    {"read-kernel", 14, 4},
    {"write-direct-map", 14, 2 | 4},
    {"write-code", 14, 1 | 2 | 4},
    {"write-constant", 14, 1 | 2 | 4},
    {"execute-data", 14, 1 | 4 | 16},
    {"execute-stack", 14, 1 | 4 | 16},
    {"execute-constant", 14, 1 | 4 | 16},
};

void test_faults_end_the_environment_with_a_report() {
    for (const auto& fault : faults) {
        const auto report = guest::run("victim", {fault.deed});
        if (report.cause != EndCause::faulted || report.vector != fault.vector ||
            (report.error_code & fault.error_bits) != fault.error_bits) {
            libos::TextBuffer<200> why;
            put(why, fault.deed, ": cause ", std::uint32_t(report.cause), " status ", report.status,
                " vector ", report.vector, " error code ", libos::Hex{report.error_code},
                " address ", libos::Hex{report.address});
            TEST_FAIL_MESSAGE(why.view());
        }
        TEST_ASSERT_EQUAL(lamina::status_faulted, report.status);
    }
}

void test_crash_demo_faults_where_it_says() {
    auto report = guest::run("crash_demo", {"null"});
    TEST_ASSERT_EQUAL(14U, report.vector);
    TEST_ASSERT_EQUAL(6U, report.error_code);
    TEST_ASSERT_EQUAL(0U, report.address);
    TEST_ASSERT_EQUAL(0U, guest::run("crash_demo", {"div"}).vector);
    TEST_ASSERT_EQUAL(6U, guest::run("crash_demo", {"opcode"}).vector);
    report = guest::run("crash_demo", {"stack"});
    TEST_ASSERT_EQUAL(14U, report.vector);
    TEST_ASSERT_TRUE(report.rsp - report.address < 0x1000 || report.address - report.rsp < 0x1000);
    report = guest::run("crash_demo", {"nonsense"});
    TEST_ASSERT_EQUAL(EndCause::exited, report.cause);
    TEST_ASSERT_EQUAL(2U, report.status);
}

void test_mistakes_of_an_app_end_it_by_name() {
    TEST_ASSERT_EQUAL(121U, guest::run("victim", {"fail-assertion"}).status);
    TEST_ASSERT_EQUAL(121U, guest::run("victim", {"smash-stack"}).status);
}

void test_calls_of_another_abi_are_refused() {
    TEST_ASSERT_EQUAL(0U, guest::run("victim", {"foreign"}).status);
}

// Starts an app with a start block that is damaged by `spoil`, and takes its report.
template <typename Spoil>
EnvReport run_with_block(Spoil spoil) {
    auto child = start_by_hand(guest::elf("victim"), spoil);
    if (!child) {
        libos::unity::fail(__FILE__, __LINE__, lamina::status_name(child.error()));
        return {};
    }
    return guest::wait_end(std::move(*child));
}

void test_an_app_of_another_abi_says_so_and_ends() {
    const auto report = run_with_block([](lamina::StartBlock& block) { ++block.abi_version; });
    TEST_ASSERT_EQUAL(EndCause::exited, report.cause);
    TEST_ASSERT_EQUAL(122U, report.status);
}

void test_an_app_with_a_damaged_start_block_says_so_and_ends() {
    auto report = run_with_block([](lamina::StartBlock& block) { block.magic = 0; });
    TEST_ASSERT_EQUAL(122U, report.status);
    report = run_with_block([](lamina::StartBlock& block) { block.argument_count = 9; });
    TEST_ASSERT_EQUAL(122U, report.status);
    // Undamaged it runs: asked for nothing, it says so with its own status.
    report = run_with_block([](lamina::StartBlock&) {});
    TEST_ASSERT_EQUAL(99U, report.status);
}

void kill_and_check(std::string_view deed) {
    auto child = guest::start("victim", {deed});
    TEST_ASSERT_OK(child);
    // Let it run: a whole slice if it wants.
    TEST_ASSERT_OK(sys::vcpu_yield());
    TEST_ASSERT_OK(sys::env_end(child->env.get(), 77));
    const auto again = sys::env_end(child->env.get(), 78);
    TEST_ASSERT_STATUS(ended, again);
    const auto report = guest::wait_end(std::move(*child));
    TEST_ASSERT_EQUAL(EndCause::killed, report.cause);
    TEST_ASSERT_EQUAL(77U, report.status);
}

void test_a_loop_can_be_ended() { kill_and_check("loop"); }

void test_a_waiting_environment_can_be_ended() { kill_and_check("wait"); }

void test_one_that_never_ran_can_be_ended() {
    const auto before = guest::frames_charged();
    const auto env = sys::env_create(libos::fixed::account, "idle", 4, guest::ends(), 1, 0);
    TEST_ASSERT_OK(env);
    EnvReport report = {};
    TEST_ASSERT_STATUS(not_ended, sys::env_report(*env, &report));
    TEST_ASSERT_OK(sys::env_end(*env, 5));
    libos::Child child{libos::OwnedHandle(*env), 0};
    report = guest::wait_end(std::move(child));
    TEST_ASSERT_EQUAL(EndCause::killed, report.cause);
    TEST_ASSERT_EQUAL(5U, report.status);
    TEST_ASSERT_EQUAL(before, guest::frames_charged());
}

void test_a_loop_does_not_keep_others_from_running() {
    auto loop = guest::start("victim", {"loop"});
    TEST_ASSERT_OK(loop);
    for (int i = 0; i < 3; ++i)
        TEST_ASSERT_EQUAL(7U, guest::run("victim", {"exit", "7"}).status);
    EnvReport report = {};
    TEST_ASSERT_STATUS(not_ended, sys::env_report(loop->env.get(), &report));
    TEST_ASSERT_OK(sys::env_end(loop->env.get(), 0));
    (void)guest::wait_end(std::move(*loop));
}

void test_100_environments_leave_the_frames_as_they_were() {
    // The first maps what this app keeps.
    (void)guest::run("victim", {"exit", "1"});
    const auto free = guest::frames_free();
    const auto charged = guest::frames_charged();
    for (int i = 0; i < 100; ++i) {
        const auto report = guest::run("victim", {i % 4 == 0 ? "write-code" : "look-around"});
        TEST_ASSERT_TRUE(report.env_id != 0);
    }
    TEST_ASSERT_EQUAL(charged, guest::frames_charged());
    TEST_ASSERT_EQUAL(free, guest::frames_free());
}

void test_20_environments_at_once() {
    const auto free = guest::frames_free();
    std::array<libos::Child, 20> children;
    for (std::size_t i = 0; i < children.size(); ++i) {
        auto child = guest::start("victim", {i % 2 == 0 ? "loop" : "wait"});
        TEST_ASSERT_OK(child);
        children[i] = std::move(*child);
    }
    for (auto& child : children)
        TEST_ASSERT_OK(sys::env_end(child.env.get(), 9));
    for (auto& child : children)
        TEST_ASSERT_EQUAL(9U, guest::wait_end(std::move(child)).status);
    TEST_ASSERT_EQUAL(free, guest::frames_free());
}

void test_the_info_pages_show_an_environment_while_it_lives() {
    auto child = guest::start("victim", {"wait"});
    TEST_ASSERT_OK(child);
    const auto shown = [&](std::uint64_t id) {
        for (std::uint32_t i = 0; i < lamina::env_count_max; ++i) {
            lamina::EnvInfo info;
            if (libos::read_env_info(i, info) && info.id == id)
                return libos::text_of(info.name) == "victim";
        }
        return false;
    };
    const auto id = child->id;
    TEST_ASSERT_TRUE(shown(id));
    TEST_ASSERT_OK(sys::env_end(child->env.get(), 0));
    (void)guest::wait_end(std::move(*child));
    TEST_ASSERT_FALSE(shown(id));
}

void test_a_quota_too_small_fails_the_start_and_leaves_nothing() {
    const auto free = guest::frames_free();
    const auto charged = guest::frames_charged();
    for (std::uint64_t quota = 1; quota < 40; ++quota) {
        auto request = guest::request("victim");
        request.quota_frames = quota;
        auto child = libos::spawn(request);
        if (child) {
            (void)sys::env_end(child->env.get(), 0);
            (void)guest::wait_end(std::move(*child));
            TEST_ASSERT_TRUE(quota > 20);
        } else {
            TEST_ASSERT_STATUS(quota_exceeded, child);
        }
        TEST_ASSERT_EQUAL(charged, guest::frames_charged());
    }
    TEST_ASSERT_EQUAL(free, guest::frames_free());
}

void test_no_quota_is_larger_than_what_is_left() {
    auto request = guest::request("victim");
    request.quota_frames = std::uint64_t{1} << 40;
    TEST_ASSERT_STATUS(quota_exceeded, libos::spawn(request));
    request.quota_frames = 0;
    TEST_ASSERT_STATUS(bad_argument, libos::spawn(request));
}

void test_a_hog_is_stopped_by_its_quota_and_gives_everything_back() {
    const auto free = guest::frames_free();
    TEST_ASSERT_EQUAL(0U, guest::run("victim", {"hog"}).status);
    TEST_ASSERT_EQUAL(free, guest::frames_free());
}

void test_a_child_has_what_it_was_given_and_no_more() {
    TEST_ASSERT_EQUAL(0U, guest::run("victim", {"read-console"}).status);
    TEST_ASSERT_EQUAL(0U, guest::run("victim", {"look-around"}).status);
}

void test_arguments_that_do_not_fit_fail_the_start_and_leave_nothing() {
    static char text[5000];
    std::memset(text, 'x', sizeof text);
    const auto charged = guest::frames_charged();
    const std::string_view arguments[] = {{text, sizeof text}};
    const auto request = guest::request("victim", arguments);
    TEST_ASSERT_STATUS(bad_argument, libos::spawn(request));
    TEST_ASSERT_EQUAL(charged, guest::frames_charged());
}

void test_a_grant_without_the_right_to_it_fails_the_start_and_leaves_nothing() {
    const auto charged = guest::frames_charged();
    constexpr libos::Grant grants[] = {
        {lamina::slots::archive, libos::fixed::archive, lamina::Rights::write}};
    auto request = guest::request("victim");
    request.grants = grants;
    // Of the one before; how it ended was known before its bit was taken.
    (void)sys::notification_wait(guest::ends(), 1, lamina::no_wait);
    TEST_ASSERT_STATUS(missing_right, libos::spawn(request));
    TEST_ASSERT_EQUAL(charged, guest::frames_charged());
    // Nor is its end told: the bit is gone.
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(guest::ends(), 1, lamina::no_wait));
}

void test_random_calls_hurt_nobody_else() {
    (void)guest::run("victim", {"exit", "0"});
    const auto free = guest::frames_free();
    std::uint32_t to_the_end = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        const libos::Digits digits(seed, 10);
        const std::string_view arguments[] = {"random-calls", digits.view()};
        auto request = guest::request("victim", arguments);
        // Without the console: what it writes would be nonsense.
        request.grants = {};
        auto child = libos::spawn(request);
        TEST_ASSERT_OK(child);
        // It may have started itself another way and loop.
        const auto deadline = *libos::now_ns() + 10'000'000'000;
        (void)sys::notification_wait(guest::ends(), 1, deadline);
        (void)sys::env_end(child->env.get(), 1);
        const auto report = guest::wait_end(std::move(*child));
        to_the_end += report.cause == EndCause::exited && report.status == 0 ? 1 : 0;
        TEST_ASSERT_EQUAL(free, guest::frames_free());
    }
    TEST_ASSERT_TRUE(to_the_end > 50);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_exit_status_and_name_are_reported);
    RUN_TEST(test_ids_never_repeat);
    RUN_TEST(test_faults_end_the_environment_with_a_report);
    RUN_TEST(test_crash_demo_faults_where_it_says);
    RUN_TEST(test_mistakes_of_an_app_end_it_by_name);
    RUN_TEST(test_calls_of_another_abi_are_refused);
    RUN_TEST(test_an_app_of_another_abi_says_so_and_ends);
    RUN_TEST(test_an_app_with_a_damaged_start_block_says_so_and_ends);
    RUN_TEST(test_a_loop_can_be_ended);
    RUN_TEST(test_a_waiting_environment_can_be_ended);
    RUN_TEST(test_one_that_never_ran_can_be_ended);
    RUN_TEST(test_a_loop_does_not_keep_others_from_running);
    RUN_TEST(test_100_environments_leave_the_frames_as_they_were);
    RUN_TEST(test_20_environments_at_once);
    RUN_TEST(test_the_info_pages_show_an_environment_while_it_lives);
    RUN_TEST(test_a_quota_too_small_fails_the_start_and_leaves_nothing);
    RUN_TEST(test_no_quota_is_larger_than_what_is_left);
    RUN_TEST(test_a_hog_is_stopped_by_its_quota_and_gives_everything_back);
    RUN_TEST(test_a_child_has_what_it_was_given_and_no_more);
    RUN_TEST(test_arguments_that_do_not_fit_fail_the_start_and_leave_nothing);
    RUN_TEST(test_a_grant_without_the_right_to_it_fails_the_start_and_leaves_nothing);
    RUN_TEST(test_random_calls_hurt_nobody_else);
    return libos::unity::end();
}
