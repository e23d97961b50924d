// tests/guest/notified_test.cpp - the upcall that tells a vCPU of a notification's bits: when it
// comes, when it does not, and what it leaves as it was. On the exact machine.
#include <atomic>
#include <cstdint>

#include "libos/clock/clock.hpp"
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vcpu/vcpu.hpp"
#include "libos/vm/mapping.hpp"
#include "tests/guest/contexts.hpp"
#include "tests/guest/support.hpp"

extern "C" const std::byte guest_opcode[];

namespace {

using lamina::Handle;
using lamina::no_wait;
using lamina::Rights;
using libos::OwnedHandle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t all = ~std::uint64_t{0};
constexpr std::uint64_t ms = 1'000'000;

std::atomic<std::uint64_t> told = 0;
std::atomic<std::uint64_t> told_ns = 0;

void hear(lamina::VcpuArea&) {
    told_ns = *libos::now_ns();
    ++told;
}

OwnedHandle make() {
    auto made = libos::own(sys::notification_create(fixed::account));
    return made ? std::move(*made) : OwnedHandle();
}

std::uint32_t cpu_count = 0;

/// Lets the other vCPU run: on the exact machine one CPU does at a time, until it halts or pauses.
void relax() {
    if (cpu_count == 1)
        (void)sys::vcpu_yield();
    else
        asm volatile("pause");
}

/// What the first vCPU is told of in most cases.
Handle bell = Handle::null;

/// Has it told of the bell, with no bits set.
void listen() {
    (void)sys::notification_wait(bell, all, no_wait);
    TEST_ASSERT_OK(libos::set_notification_handler(bell, hear));
    told = 0;
}

/// One more vCPU, on the last CPU.
libos::Vcpu* other = nullptr;

/// What it does: it waits for something with this mask first, if there is one, then rings the bell
/// with those bits, if there are any.
struct Ring {
    std::uint64_t mask;
    std::uint64_t bits;
    std::uint64_t taken;
    std::atomic<std::uint64_t> at_ns;
};

void ring(void* argument) {
    auto& given = *static_cast<Ring*>(argument);
    if (given.mask != 0)
        given.taken = sys::notification_wait(bell, given.mask, lamina::wait_forever).value_or(0);
    given.at_ns = *libos::now_ns();
    if (given.bits != 0) (void)sys::notification_signal(bell, given.bits);
}

// --- it comes

void test_a_signal_of_its_own_is_told_of_at_once() {
    listen();
    for (std::uint64_t i = 1; i <= 3; ++i) {
        TEST_ASSERT_OK(sys::notification_signal(bell, 4));  // the second time it is set already
        TEST_ASSERT_EQUAL(i, told.load());
    }
    TEST_ASSERT_OK(sys::notification_signal(bell, 0));
    TEST_ASSERT_EQUAL(3U, told.load());
    const auto bits = sys::notification_wait(bell, all, no_wait);
    TEST_ASSERT_OK(bits);
    TEST_ASSERT_EQUAL(4U, *bits);
}

// Alone on its CPU with another one, it would hear of it at the end of its slice at the latest.
void test_another_vcpu_is_heard_within_a_slice() {
    listen();
    for (std::uint64_t i = 1; i <= 20; ++i) {
        Ring given = {0, 1, 0, 0};
        other->run(ring, &given);
        while (told != i)
            relax();
        TEST_ASSERT_TRUE(told_ns >= given.at_ns);
        if (cpu_count > 1) TEST_ASSERT_TRUE(told_ns - given.at_ns < ms);
        other->join();
    }
    TEST_ASSERT_EQUAL(20U, told.load());
}

void test_another_environment_is_heard() {
    listen();
    const libos::Grant grants[] = {{9, bell, Rights::signal}};
    const std::string_view arguments[] = {"signal"};
    auto request = guest::request("victim", arguments);
    request.grants = grants;
    auto child = libos::spawn(request);
    TEST_ASSERT_OK(child);
    while (told == 0)
        relax();
    const auto bits = sys::notification_wait(bell, all, no_wait);
    TEST_ASSERT_OK(bits);
    TEST_ASSERT_EQUAL(0x10U, *bits);
    TEST_ASSERT_EQUAL(0U, guest::wait_end(std::move(*child)).status);
    TEST_ASSERT_EQUAL(1U, told.load());
}

void test_of_bits_that_are_set_already_it_is_told_at_once() {
    const auto notification = make();
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 1));
    told = 0;
    TEST_ASSERT_OK(libos::set_notification_handler(notification.get(), hear));
    TEST_ASSERT_EQUAL(1U, told.load());
    TEST_ASSERT_OK(libos::set_notification_handler(notification.get(), hear));
    TEST_ASSERT_EQUAL(2U, told.load());
    TEST_ASSERT_OK(sys::notification_wait(notification.get(), 1, no_wait));
    TEST_ASSERT_OK(libos::set_notification_handler(notification.get(), hear));
    TEST_ASSERT_EQUAL(2U, told.load());
}

// --- it comes later

void test_a_disabled_vcpu_finds_it_pending() {
    listen();
    auto& area = libos::vcpu_area();
    area.disabled = 1;
    TEST_ASSERT_OK(sys::notification_signal(bell, 1));
    TEST_ASSERT_EQUAL(lamina::pending_notification, area.pending);
    TEST_ASSERT_EQUAL(1U, area.disabled);
    TEST_ASSERT_EQUAL(0U, told.load());
    // The resume range has it done before the context goes on.
    const auto context = guest::pattern_context(3, guest_opcode, guest::flags_set);
    guest::expect_exceptions(nullptr);
    (void)guest_enter_by_range(&context);
    TEST_ASSERT_EQUAL(1U, told.load());
    TEST_ASSERT_EQUAL(0U, area.pending);
    TEST_ASSERT_TRUE(guest::same(context, guest::seen()[0].context));
}

void test_a_wait_is_not_cut_short() {
    listen();
    const auto never = make();
    Ring given = {0, 1, 0, 0};
    other->run(ring, &given);
    const auto end = *libos::now_ns() + 30 * ms;
    TEST_ASSERT_STATUS(timed_out, sys::notification_wait(never.get(), 1, end));
    TEST_ASSERT_TRUE(given.at_ns < end);
    TEST_ASSERT_EQUAL(1U, told.load());
    TEST_ASSERT_TRUE(told_ns >= end);
    other->join();
}

// --- it does not come

/// Waits until another vCPU waits for the bell.
void await_waiter() {
    while (true) {
        const auto tried = sys::notification_wait(bell, 1ULL << 40, no_wait);
        if (!tried && tried.error() == lamina::Status::busy) return;
        (void)sys::vcpu_yield();
    }
}

void test_of_what_a_waiter_takes_nobody_is_told() {
    listen();
    for (const std::uint64_t more : {0U, 4U}) {
        Ring given = {1, 0, 0, 0};
        other->run(ring, &given);
        await_waiter();
        TEST_ASSERT_OK(sys::notification_signal(bell, 1 | more));
        TEST_ASSERT_EQUAL(more == 0 ? 0U : 1U, told.load());
        other->join();
        TEST_ASSERT_EQUAL(1U, given.taken);
        const auto left = sys::notification_wait(bell, all, no_wait);
        TEST_ASSERT_EQUAL(more, left.value_or(0));
    }
}

void test_without_a_handler_nothing_comes() {
    listen();
    TEST_ASSERT_OK(libos::set_notification_handler(Handle::null, nullptr));
    TEST_ASSERT_OK(sys::notification_signal(bell, 1));
    TEST_ASSERT_EQUAL(0U, told.load());
    TEST_ASSERT_EQUAL(0U, libos::vcpu_area().pending);
}

// --- who is told of what

/// Binds an area of a vCPU that never runs, told of something; by handle words of any kind.
lamina::Result<void> bind_spare(std::uint64_t notified, std::uint64_t notification) {
    static Handle spare = Handle::null;
    static lamina::VcpuArea* area = nullptr;
    if (area == nullptr) {
        auto memory = libos::Mapping::create_new(fixed::account, 1);
        const auto vcpu = sys::vcpu_create(Handle::null, fixed::account, 0);
        if (!memory || !vcpu) return lamina::fail(lamina::Status::out_of_frames);
        spare = *vcpu;
        area = reinterpret_cast<lamina::VcpuArea*>(memory->release().data());
    }
    lamina::VcpuEntries entries = {};
    entries.notified = notified;
    entries.notification = notification;
    return sys::vcpu_bind(spare, area, &entries);
}

constexpr std::uint64_t somewhere = 0x1000;

void test_one_vcpu_is_told_of_it() {
    listen();
    TEST_ASSERT_STATUS(busy, bind_spare(somewhere, std::uint64_t(bell)));
    TEST_ASSERT_OK(sys::notification_signal(bell, 1));
    TEST_ASSERT_EQUAL(1U, told.load());
    TEST_ASSERT_OK(libos::set_notification_handler(Handle::null, nullptr));
    TEST_ASSERT_OK(bind_spare(somewhere, std::uint64_t(bell)));
    TEST_ASSERT_STATUS(busy, libos::set_notification_handler(bell, hear));
    TEST_ASSERT_OK(sys::notification_signal(bell, 2));
    TEST_ASSERT_EQUAL(1U, told.load());
    // Another one in its place.
    const auto notification = make();
    TEST_ASSERT_OK(bind_spare(somewhere, std::uint64_t(notification.get())));
    TEST_ASSERT_OK(libos::set_notification_handler(bell, hear));
    TEST_ASSERT_EQUAL(2U, told.load());
    TEST_ASSERT_OK(bind_spare(0, 0));
}

void test_what_it_may_not_wait_for_it_is_not_told_of() {
    listen();
    const auto word = [](Handle handle) { return std::uint64_t(handle); };
    const auto mute = libos::own(sys::cap_derive(bell, Rights::signal, 0, 0));
    TEST_ASSERT_OK(mute);
    const Handle stale = make().get();
    TEST_ASSERT_STATUS(bad_argument, bind_spare(somewhere, 0));
    TEST_ASSERT_STATUS(bad_argument, bind_spare(0, word(bell)));
    TEST_ASSERT_STATUS(bad_address, bind_spare(1ULL << 63, word(bell)));
    TEST_ASSERT_STATUS(bad_handle, bind_spare(somewhere, word(stale)));
    TEST_ASSERT_STATUS(bad_handle, bind_spare(somewhere, word(bell) | 1ULL << 32));
    TEST_ASSERT_STATUS(wrong_type, bind_spare(somewhere, word(fixed::account)));
    TEST_ASSERT_STATUS(missing_right, bind_spare(somewhere, word(mute->get())));
    TEST_ASSERT_STATUS(missing_right, libos::set_notification_handler(mute->get(), hear));
    // What was before goes on.
    TEST_ASSERT_OK(sys::notification_signal(bell, 1));
    TEST_ASSERT_EQUAL(1U, told.load());
}

void test_a_revocation_ends_that_and_nothing_else() {
    const auto notification = make();
    const auto child =
        libos::own(sys::cap_derive(notification.get(), Rights::wait | Rights::copy, 0, 0));
    TEST_ASSERT_OK(child);
    TEST_ASSERT_OK(libos::set_notification_handler(child->get(), hear));
    told = 0;
    TEST_ASSERT_OK(sys::cap_revoke(child->get()));
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 1));
    TEST_ASSERT_EQUAL(0U, told.load());
    TEST_ASSERT_EQUAL(0U, libos::vcpu_area().pending);
    // Other upcalls still come, and it can be told again.
    const auto context = guest::pattern_context(5, guest_opcode, guest::flags_set);
    guest::expect_exceptions(nullptr);
    (void)guest_enter_by_range(&context);
    TEST_ASSERT_TRUE(guest::same(context, guest::seen()[0].context));
    TEST_ASSERT_OK(libos::set_notification_handler(child->get(), hear));
    TEST_ASSERT_EQUAL(1U, told.load());
}

void test_a_dropped_capability_ends_nothing_until_its_parent_is_revoked() {
    const auto notification = make();
    {
        const auto child =
            libos::own(sys::cap_derive(notification.get(), Rights::wait | Rights::copy, 0, 0));
        TEST_ASSERT_OK(child);
        TEST_ASSERT_OK(libos::set_notification_handler(child->get(), hear));
    }
    told = 0;
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 1));
    TEST_ASSERT_EQUAL(1U, told.load());
    TEST_ASSERT_OK(sys::cap_revoke(notification.get()));
    TEST_ASSERT_OK(sys::notification_signal(notification.get(), 1));
    TEST_ASSERT_EQUAL(1U, told.load());
}

void test_nothing_is_kept_of_what_it_was_told_of() {
    TEST_ASSERT_OK(libos::set_notification_handler(Handle::null, nullptr));
    const auto before = guest::ledger();
    for (int i = 0; i < 20; ++i) {
        auto first = make();
        TEST_ASSERT_OK(libos::set_notification_handler(first.get(), hear));
        const auto charged = guest::frames_charged();
        first = OwnedHandle();
        // Who is told keeps it.
        TEST_ASSERT_EQUAL(charged, guest::frames_charged());
        const auto second = make();
        TEST_ASSERT_OK(libos::set_notification_handler(second.get(), hear));
        TEST_ASSERT_EQUAL(charged, guest::frames_charged());
        TEST_ASSERT_OK(libos::set_notification_handler(second.get(), hear));
        TEST_ASSERT_OK(libos::set_notification_handler(Handle::null, nullptr));
    }
    guest::expect_same(before);
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    if (!libos::start_upcalls()) return 1;
    guest::hook_exceptions();
    bell = make().release();
    cpu_count = guest::info().cpu_count_used;
    const auto made = libos::Vcpu::create(fixed::account, cpu_count - 1);
    if (!made) return 2;
    other = *made;
    RUN_TEST(test_a_signal_of_its_own_is_told_of_at_once);
    RUN_TEST(test_another_vcpu_is_heard_within_a_slice);
    RUN_TEST(test_another_environment_is_heard);
    RUN_TEST(test_of_bits_that_are_set_already_it_is_told_at_once);
    RUN_TEST(test_a_disabled_vcpu_finds_it_pending);
    RUN_TEST(test_a_wait_is_not_cut_short);
    RUN_TEST(test_of_what_a_waiter_takes_nobody_is_told);
    RUN_TEST(test_without_a_handler_nothing_comes);
    RUN_TEST(test_one_vcpu_is_told_of_it);
    RUN_TEST(test_what_it_may_not_wait_for_it_is_not_told_of);
    RUN_TEST(test_a_revocation_ends_that_and_nothing_else);
    RUN_TEST(test_a_dropped_capability_ends_nothing_until_its_parent_is_revoked);
    RUN_TEST(test_nothing_is_kept_of_what_it_was_told_of);
    return libos::unity::end();
}
