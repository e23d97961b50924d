// tests/guest/gate_test.cpp - gates: calls from one environment into another.
#include "libos/gate/gate.hpp"

#include <optional>

#include "libos/clock/clock.hpp"
#include "libos/rt/app.hpp"
#include "libos/test/unity.hpp"
#include "tests/guest/gate_client.hpp"
#include "tests/guest/selectors.hpp"
#include "tests/guest/support.hpp"

namespace {

using gate_server::Server;
using lamina::Handle;
using lamina::Rights;
using lamina::wait_forever;
using libos::call_gate;
using libos::GateWords;
using libos::OwnedHandle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t ms = 1'000'000;

/// Calls until an activation is free, and the call is done.
void await_free(const Server& server) {
    for (auto reply = call_gate(server.gate(), {}); !reply; reply = call_gate(server.gate(), {})) {
        TEST_ASSERT_STATUS(busy, reply);
        TEST_ASSERT_OK(sys::vcpu_yield());
    }
}

void test_six_words_go_and_come_back() {
    const Server server;
    const auto reply = call_gate(server.gate(), {0, 1, 2, 3, 4, 5});
    TEST_ASSERT_OK(reply);
    TEST_ASSERT_TRUE((*reply == GateWords{0, 1, 2, 3, 4, 5}));
}

void test_the_badge_tells_who_calls() {
    const Server server;
    const auto badged = libos::own(sys::cap_derive(server.gate(), Rights::call, 1000, 0));
    TEST_ASSERT_OK(badged);
    const auto reply = call_gate(badged->get(), {0, 1, 2, 3, 4, 5});
    TEST_ASSERT_OK(reply);
    TEST_ASSERT_TRUE((*reply == GateWords{0, 1001, 1002, 1003, 1004, 1005}));
}

void test_a_badge_stays() {
    const Server server;
    const auto badged =
        libos::own(sys::cap_derive(server.gate(), Rights::call | Rights::copy, 1000, 0));
    TEST_ASSERT_OK(badged);
    TEST_ASSERT_STATUS(bad_argument, sys::cap_derive(badged->get(), Rights::call, 1001, 0));
    const auto copy = libos::own(sys::cap_derive(badged->get(), Rights::call, 0, 0));
    TEST_ASSERT_OK(copy);
    lamina::CapInfo info = {};
    TEST_ASSERT_OK(sys::cap_inspect(copy->get(), &info));
    TEST_ASSERT_EQUAL(1000U, info.first_frame);
    TEST_ASSERT_TRUE(info.type == lamina::ObjectType::gate);
}

void test_a_call_needs_the_right() {
    const Server server;
    const auto weak = libos::own(sys::cap_derive(server.gate(), Rights::none, 0, 0));
    TEST_ASSERT_OK(weak);
    TEST_ASSERT_STATUS(missing_right, call_gate(weak->get(), {}));
    TEST_ASSERT_STATUS(wrong_type, call_gate(fixed::account, {}));
}

void test_without_an_activation_it_is_busy() {
    const Server server("0");
    TEST_ASSERT_STATUS(busy, call_gate(server.gate(), {}));
}

void test_a_call_ends_at_its_deadline_and_the_activation_goes_on() {
    const Server server;
    const auto deadline = *libos::now_ns() + 3 * ms;
    TEST_ASSERT_STATUS(timed_out, call_gate(server.gate(), {gate_server::wait}, deadline));
    TEST_ASSERT_TRUE(*libos::now_ns() >= deadline);
    TEST_ASSERT_STATUS(busy, call_gate(server.gate(), {}));
    TEST_ASSERT_OK(sys::notification_signal(server.bell(), 2));
    await_free(server);
}

void test_a_call_without_time_ends_with_the_slice() {
    const Server server;
    const auto before = *libos::now_ns();
    TEST_ASSERT_OK(sys::vcpu_yield());
    TEST_ASSERT_STATUS(timed_out, call_gate(server.gate(), {gate_server::spin}, lamina::no_wait));
    TEST_ASSERT_TRUE(*libos::now_ns() - before < 200 * ms);
}

void test_a_deadline_in_the_past_does_not_call() {
    const Server server;
    TEST_ASSERT_STATUS(timed_out, call_gate(server.gate(), {gate_server::end}, 1));
    TEST_ASSERT_OK(call_gate(server.gate(), {}));
}

void test_the_callee_may_wait() {
    const Server server;
    TEST_ASSERT_OK(sys::notification_signal(server.bell(), 2));
    const auto reply = call_gate(server.gate(), {gate_server::wait});
    TEST_ASSERT_OK(reply);
    TEST_ASSERT_EQUAL(2U, (*reply)[1]);
}

void test_the_end_of_the_callee_ends_the_call() {
    Server server;
    TEST_ASSERT_STATUS(ended, call_gate(server.gate(), {gate_server::end}));
    TEST_ASSERT_EQUAL(7U, server.wait_end().status);
    TEST_ASSERT_STATUS(ended, call_gate(server.gate(), {}));
}

void test_the_end_of_the_caller_leaves_the_activation_alone() {
    const Server server;
    const libos::Grant grants[] = {{gate_server::other_slot, server.gate(), Rights::call}};
    auto request = guest::request("gate_server");
    request.grants = grants;
    auto caller = libos::spawn(request);
    TEST_ASSERT_OK(caller);
    while (!guest::waits(caller->id))
        TEST_ASSERT_OK(sys::vcpu_yield());
    TEST_ASSERT_STATUS(busy, call_gate(server.gate(), {}));
    TEST_ASSERT_OK(sys::env_end(caller->env.get(), 3));
    TEST_ASSERT_EQUAL(3U, guest::wait_end(std::move(*caller)).status);
    TEST_ASSERT_STATUS(busy, call_gate(server.gate(), {}));
    TEST_ASSERT_OK(sys::notification_signal(server.bell(), 2));
    await_free(server);
}

void test_revocation_ends_the_call() {
    const Server server;
    TEST_ASSERT_STATUS(revoked, call_gate(server.gate(), {gate_server::revoke}));
    TEST_ASSERT_STATUS(bad_handle, call_gate(server.gate(), {}));
}

void test_sixteen_calls_within_one_another() {
    const Server server("20");
    const auto most = call_gate(server.gate(), {gate_server::nest, 15});
    TEST_ASSERT_OK(most);
    TEST_ASSERT_EQUAL(0U, (*most)[1]);
    const auto more = call_gate(server.gate(), {gate_server::nest, 16});
    TEST_ASSERT_OK(more);
    TEST_ASSERT_EQUAL(std::uint64_t(lamina::Status::limit_reached), (*more)[1]);
    TEST_ASSERT_OK(call_gate(server.gate(), {gate_server::nest, 15}));
}

void test_a_caller_that_calls_itself_needs_another_activation() {
    const Server server;
    const auto reply = call_gate(server.gate(), {gate_server::nest, 1});
    TEST_ASSERT_OK(reply);
    TEST_ASSERT_EQUAL(std::uint64_t(lamina::Status::busy), (*reply)[1]);
}

void test_the_caller_keeps_its_registers() {
    const Server server;
    std::uint64_t rax = sys::tagged(lamina::Call::gate_call);
    std::uint64_t changed = 0;
    asm volatile(
        "push %%rbp\n"
        "mov $0x1111, %%rbp\n mov $0x2222, %%r13\n mov $0x3333, %%r14\n mov $0x4444, %%r15\n"
        "movq %%rbp, %%xmm7\n"
        "mov $4, %%r12d\n xor %%edx, %%edx\n xor %%ebx, %%ebx\n syscall\n"
        "movq %%xmm7, %%rcx\n"
        "xor $0x1111, %%rcx\n xor $0x1111, %%rbp\n xor $0x2222, %%r13\n xor $0x3333, %%r14\n"
        "xor $0x4444, %%r15\n xor $4, %%r12\n"
        "or %%rcx, %%rbp\n or %%r13, %%rbp\n or %%r14, %%rbp\n or %%r15, %%rbp\n"
        "or %%r12, %%rbp\n mov %%rbp, %%rcx\n"
        "pop %%rbp"
        : "+a"(rax), "=c"(changed)
        : "D"(server.gate()), "S"(wait_forever)
        : "rdx", "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm7", "memory");
    TEST_ASSERT_EQUAL(0U, rax);
    TEST_ASSERT_EQUAL(0U, changed);
}

void test_who_is_no_activation_cannot_reply() {
    TEST_ASSERT_STATUS(bad_argument, sys::gate_return(0, 0, 0));
}

void test_many_calls() {
    const Server server;
    constexpr std::uint64_t calls = 100'000;
    GateWords words = {0, 0};
    for (std::uint64_t i = 0; i < calls && words[1] == i; ++i) {
        const auto reply = call_gate(server.gate(), {0, i + 1});
        TEST_ASSERT_OK(reply);
        words = *reply;
    }
    TEST_ASSERT_EQUAL(calls, words[1]);
}

void test_the_caller_keeps_its_bases_and_extended_state() {
    const Server server;
    std::uint64_t rax = sys::tagged(lamina::Call::gate_call);
    std::uint64_t fs_before, gs_before, fs_after, gs_after;
    std::uint64_t vector = 0x5555;
    asm volatile("rdfsbase %0\n rdgsbase %1\n wrfsbase %2"
                 : "=&r"(fs_before), "=&r"(gs_before)
                 : "r"(0x777'0000ULL));
    asm volatile("movq %1, %%xmm15\n syscall\n movq %%xmm15, %1"
                 : "+a"(rax), "+b"(vector)
                 : "D"(server.gate()), "S"(wait_forever), "d"(gate_server::look)
                 : "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm15", "memory");
    asm volatile("rdfsbase %0\n rdgsbase %1\n wrfsbase %2"
                 : "=&r"(fs_after), "=&r"(gs_after)
                 : "r"(fs_before));
    TEST_ASSERT_EQUAL(0U, rax);
    TEST_ASSERT_EQUAL(0x5555U, vector);
    TEST_ASSERT_EQUAL(0x777'0000U, fs_after);
    TEST_ASSERT_EQUAL(gs_before, gs_after);
}

void test_nothing_is_seen_of_the_caller_or_of_the_call_before() {
    const Server server;
    for (int i = 0; i < 3; ++i) {
        if (i == 1) {  // it is saved and loaded in between
            TEST_ASSERT_OK(sys::notification_signal(server.bell(), 2));
            TEST_ASSERT_OK(call_gate(server.gate(), {gate_server::wait}));
        }
        guest::set_selectors();
        asm volatile("pcmpeqd %%xmm0, %%xmm0\n movaps %%xmm0, %%xmm15" : : : "xmm0", "xmm15");
        const auto reply = call_gate(server.gate(), {gate_server::look});
        const std::uint64_t selectors = guest::selectors();
        TEST_ASSERT_OK(reply);
        TEST_ASSERT_EQUAL(0U, (*reply)[1]);
        TEST_ASSERT_EQUAL(0U, selectors);
    }
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_six_words_go_and_come_back);
    RUN_TEST(test_the_badge_tells_who_calls);
    RUN_TEST(test_a_badge_stays);
    RUN_TEST(test_a_call_needs_the_right);
    RUN_TEST(test_without_an_activation_it_is_busy);
    RUN_TEST(test_a_call_ends_at_its_deadline_and_the_activation_goes_on);
    RUN_TEST(test_a_call_without_time_ends_with_the_slice);
    RUN_TEST(test_a_deadline_in_the_past_does_not_call);
    RUN_TEST(test_the_callee_may_wait);
    RUN_TEST(test_the_end_of_the_callee_ends_the_call);
    RUN_TEST(test_the_end_of_the_caller_leaves_the_activation_alone);
    RUN_TEST(test_revocation_ends_the_call);
    RUN_TEST(test_sixteen_calls_within_one_another);
    RUN_TEST(test_a_caller_that_calls_itself_needs_another_activation);
    RUN_TEST(test_the_caller_keeps_its_registers);
    RUN_TEST(test_who_is_no_activation_cannot_reply);
    RUN_TEST(test_many_calls);
    RUN_TEST(test_the_caller_keeps_its_bases_and_extended_state);
    RUN_TEST(test_nothing_is_seen_of_the_caller_or_of_the_call_before);
    return libos::unity::end();
}
