// tests/guest/thousand_test.cpp - a thousand environments, one after the other and all at once,
// leave every count of frames and the account as they were.
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "lamina/info.hpp"
#include "lamina/report.hpp"
#include "libos/info/info.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/support.hpp"

// A program for any address that ends itself with its argument as status.
extern "C" const std::byte guest_exit[], guest_exit_rax[], guest_exit_end[];
asm(R"(
    .pushsection .rodata
    .globl guest_exit, guest_exit_rax, guest_exit_end
guest_exit:
    mov %rdi, %rsi
    mov $1, %edi
    movabs $0, %rax
guest_exit_rax:
    syscall
    ud2
guest_exit_end:
    .popsection
)");

namespace {

using lamina::EndCause;
using lamina::Protection;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t thousand = 1000;
constexpr std::uint64_t code_address = 0x40'0000;

std::uint64_t cpu_count() {
    lamina::InfoPage info = {};
    (void)libos::read_info(info);
    return info.cpu_count_used;
}

/// A page with the program.
class Program {
public:
    static lamina::Result<Program> create() {
        Program made;
        LAMINA_TRY(made.run_, libos::own(sys::frames_alloc(fixed::account, 1)));
        LAMINA_TRY(const auto page, libos::Mapping::create(made.run_.get(), 0, 1,
                                                           Protection::read | Protection::write));
        std::byte* const code = page.bytes().data();
        std::memcpy(code, guest_exit, std::size_t(guest_exit_end - guest_exit));
        const std::uint64_t rax = sys::tagged(lamina::Call::env_end);
        std::memcpy(code + (guest_exit_rax - guest_exit) - sizeof rax, &rax, sizeof rax);
        return made;
    }

    /// A new environment that has the program.
    lamina::Result<libos::OwnedHandle> load(std::uint64_t cpu) const {
        LAMINA_TRY(auto env,
                   libos::own(sys::env_create(fixed::account, "one", 3, guest::ends(), 1, cpu)));
        LAMINA_CHECK(sys::frames_map(env.get(), run_.get(), 0, 1, code_address,
                                     Protection::read | Protection::execute));
        return env;
    }

private:
    libos::OwnedHandle run_;
};

lamina::Result<void> start(lamina::Handle env, std::uint64_t status) {
    return sys::env_start(env, code_address, code_address, status);
}

lamina::EnvReport wait_end(libos::OwnedHandle env) {
    return guest::wait_end(libos::Child{std::move(env), 0});
}

void one_after_the_other(std::uint64_t count) {
    const auto program = Program::create();
    TEST_ASSERT_OK(program);
    const std::uint64_t cpus = cpu_count();
    for (std::uint64_t i = 0; i < count; ++i) {
        auto env = program->load(i % cpus);
        TEST_ASSERT_OK(env);
        TEST_ASSERT_OK(start(env->get(), i % 256));
        const auto report = wait_end(std::move(*env));
        TEST_ASSERT_EQUAL(EndCause::exited, report.cause);
        TEST_ASSERT_EQUAL(i % 256, report.status);
    }
}

void test_1000_environments_one_after_the_other() {
    one_after_the_other(1);
    const auto before = guest::ledger();
    one_after_the_other(thousand);
    if (!TEST_FAILED()) guest::expect_same(before);
}

constinit std::array<lamina::Handle, thousand> envs = {};

void all_at_once() {
    const auto program = Program::create();
    TEST_ASSERT_OK(program);
    const std::uint64_t cpus = cpu_count();
    for (std::uint64_t i = 0; i < thousand; ++i) {
        auto env = program->load(i % cpus);
        TEST_ASSERT_OK(env);
        envs[i] = env->release();
    }
    for (std::uint64_t i = 0; i < thousand; ++i)
        TEST_ASSERT_OK(start(envs[i], i % 256));
    for (std::uint64_t i = 0; i < thousand; ++i) {
        const auto report = wait_end(libos::OwnedHandle(envs[i]));
        TEST_ASSERT_EQUAL(EndCause::exited, report.cause);
        TEST_ASSERT_EQUAL(i % 256, report.status);
    }
}

// The second time, as the test's own table has grown then.
void test_1000_environments_at_once() {
    all_at_once();
    if (TEST_FAILED()) return;
    const auto before = guest::ledger();
    all_at_once();
    if (!TEST_FAILED()) guest::expect_same(before);
}

// How an environment may end: by itself, by an exception, by its creator while it waits, before it
// ever ran, and with nobody left who could end it.
void end_in_every_way(std::uint64_t round) {
    switch (round % 5) {
        case 0:
            TEST_ASSERT_EQUAL(EndCause::exited, guest::run("victim", {"exit", "3"}).cause);
            break;
        case 1: TEST_ASSERT_EQUAL(EndCause::faulted, guest::run("victim", {"halt"}).cause); break;
        case 2: {
            auto child = guest::start("victim", {"wait"});
            TEST_ASSERT_OK(child);
            while (!guest::waits(child->id))
                (void)sys::vcpu_yield();
            TEST_ASSERT_OK(sys::env_end(child->env.get(), 1));
            TEST_ASSERT_EQUAL(EndCause::killed, guest::wait_end(std::move(*child)).cause);
            break;
        }
        case 3: {
            const auto program = Program::create();
            TEST_ASSERT_OK(program);
            TEST_ASSERT_OK(program->load(round % cpu_count()));  // dropped at once
            break;
        }
        default: {
            const auto child = guest::start("victim", {"exit", "0"});
            TEST_ASSERT_OK(child);  // dropped while it runs
        }
    }
}

void test_1000_environments_that_end_in_every_way() {
    const auto envs_before = guest::ledger().envs;
    for (std::uint64_t round = 0; round < 5; ++round)
        end_in_every_way(round);
    guest::await_envs(envs_before);
    const auto before = guest::ledger();
    for (std::uint64_t round = 0; round < thousand && !TEST_FAILED(); ++round)
        end_in_every_way(round);
    if (!TEST_FAILED()) guest::expect_same(before);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_1000_environments_one_after_the_other);
    RUN_TEST(test_1000_environments_at_once);
    RUN_TEST(test_1000_environments_that_end_in_every_way);
    return libos::unity::end();
}
