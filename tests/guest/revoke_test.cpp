// tests/guest/revoke_test.cpp - revocation: what was derived is gone when the call returns.
#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"
#include "libos/test/unity.hpp"
#include "tests/guest/support.hpp"

namespace {

using lamina::Handle;
using lamina::Protection;
using lamina::Rights;
using libos::OwnedHandle;
namespace fixed = libos::fixed;
namespace sys = libos::sys;

constexpr std::uint64_t here = 0x5000'0000'0000;
constexpr auto frame_rights = Rights::read | Rights::write | Rights::copy;

OwnedHandle frames(std::uint64_t count) {
    auto run = libos::own(sys::frames_alloc(fixed::account, count));
    return run ? std::move(*run) : OwnedHandle();
}

// Whether a handle still names something.
bool there(Handle handle) {
    lamina::CapInfo info = {};
    return sys::cap_inspect(handle, &info).has_value();
}

bool mapped(std::uint64_t address) {
    return sys::frames_protect(fixed::self, address, 1, Protection::read).has_value();
}

void test_all_that_was_derived_goes_and_the_source_stays() {
    const auto run = frames(4);
    const auto child = sys::cap_derive(run.get(), frame_rights, 1, 2);
    TEST_ASSERT_OK(child);
    const auto grandchild = sys::cap_derive(*child, frame_rights, 0, 1);
    TEST_ASSERT_OK(grandchild);
    const auto second = sys::cap_derive(run.get(), Rights::read, 0, 0);
    TEST_ASSERT_OK(second);
    TEST_ASSERT_OK(sys::cap_revoke(run.get()));
    TEST_ASSERT_TRUE(there(run.get()));
    for (const Handle gone : {*child, *grandchild, *second})
        TEST_ASSERT_TRUE(!there(gone));
    TEST_ASSERT_OK(sys::cap_revoke(run.get()));
}

void test_what_it_was_derived_from_and_siblings_stay() {
    const auto run = frames(4);
    const auto child = libos::own(sys::cap_derive(run.get(), frame_rights, 0, 0));
    const auto sibling = libos::own(sys::cap_derive(run.get(), frame_rights, 0, 0));
    TEST_ASSERT_OK(child);
    TEST_ASSERT_OK(sibling);
    const auto below = libos::own(sys::cap_derive(sibling->get(), frame_rights, 0, 0));
    TEST_ASSERT_OK(below);
    TEST_ASSERT_OK(sys::cap_revoke(child->get()));
    for (const Handle kept : {run.get(), child->get(), sibling->get(), below->get()})
        TEST_ASSERT_TRUE(there(kept));
}

void test_pages_mapped_by_it_or_what_was_derived_go() {
    const auto run = frames(3);
    const auto child = libos::own(sys::cap_derive(run.get(), frame_rights, 1, 1));
    TEST_ASSERT_OK(child);
    TEST_ASSERT_OK(sys::frames_map(fixed::self, run.get(), 0, 1, here, Protection::read));
    TEST_ASSERT_OK(sys::frames_map(fixed::self, child->get(), 0, 1, here + lamina::page_size,
                                   Protection::read | Protection::write));
    TEST_ASSERT_OK(sys::cap_revoke(child->get()));
    TEST_ASSERT_TRUE(mapped(here));
    TEST_ASSERT_TRUE(!mapped(here + lamina::page_size));
    TEST_ASSERT_OK(sys::cap_revoke(run.get()));
    TEST_ASSERT_TRUE(!mapped(here));
    // The addresses can be used again at once.
    TEST_ASSERT_OK(sys::frames_map(fixed::self, run.get(), 0, 3, here, Protection::read));
    TEST_ASSERT_OK(sys::frames_unmap(fixed::self, here, 3));
}

void test_a_page_mapped_by_a_capability_since_dropped_goes_with_its_parent() {
    const auto run = frames(1);
    {
        const auto child = libos::own(sys::cap_derive(run.get(), frame_rights, 0, 0));
        TEST_ASSERT_OK(child);
        TEST_ASSERT_OK(sys::frames_map(fixed::self, child->get(), 0, 1, here, Protection::read));
    }
    TEST_ASSERT_TRUE(mapped(here));
    TEST_ASSERT_OK(sys::cap_revoke(run.get()));
    TEST_ASSERT_TRUE(!mapped(here));
}

// The many go in several bounded parts, between which others run.
void test_thousands_go_in_one_call() {
    const auto run = frames(1);
    const auto charged = guest::frames_charged();
    for (int i = 0; i < 3000; ++i)
        TEST_ASSERT_OK(sys::cap_derive(run.get(), frame_rights, 0, 0));
    for (std::uint64_t i = 0; i < 300; ++i)
        TEST_ASSERT_OK(sys::frames_map(fixed::self, run.get(), 0, 1, here + i * lamina::page_size,
                                       Protection::read));
    TEST_ASSERT_OK(sys::cap_revoke(run.get()));
    for (std::uint64_t i = 0; i < 300; ++i)
        TEST_ASSERT_TRUE(!mapped(here + i * lamina::page_size));
    // It may be derived from again, and grown pages of the table are there to be used.
    TEST_ASSERT_OK(libos::own(sys::cap_derive(run.get(), frame_rights, 0, 0)));
    TEST_ASSERT_TRUE(guest::frames_charged() < charged + 100);
}

void test_a_child_loses_what_was_copied_to_it() {
    const auto notification = libos::own(sys::notification_create(fixed::account));
    TEST_ASSERT_OK(notification);
    const std::string_view arguments[] = {"loop"};
    const libos::Grant grants[] = {{9, notification->get(), Rights::signal}};
    auto request = guest::request("victim", arguments);
    request.grants = grants;
    auto child = libos::spawn(request);
    TEST_ASSERT_OK(child);
    // Its slot is taken as long as it has the capability.
    const Handle env = child->env.get();
    TEST_ASSERT_STATUS(slot_in_use, sys::cap_copy(env, notification->get(), Rights::signal, 9));
    TEST_ASSERT_OK(sys::cap_revoke(notification->get()));
    TEST_ASSERT_OK(sys::cap_copy(env, notification->get(), Rights::signal, 9));
    TEST_ASSERT_OK(sys::env_end(env, 0));
    guest::wait_end(std::move(*child));
}

void test_who_waits_by_a_revoked_capability_wakes_with_revoked() {
    const auto notification = libos::own(sys::notification_create(fixed::account));
    TEST_ASSERT_OK(notification);
    const std::string_view arguments[] = {"wait-until-revoked"};
    const libos::Grant grants[] = {{9, notification->get(), Rights::wait}};
    auto request = guest::request("victim", arguments);
    request.grants = grants;
    auto child = libos::spawn(request);
    TEST_ASSERT_OK(child);
    while (!guest::waits(child->id))
        TEST_ASSERT_OK(sys::vcpu_yield());
    TEST_ASSERT_OK(sys::cap_revoke(notification->get()));
    TEST_ASSERT_EQUAL(0U, guest::wait_end(std::move(*child)).status);
}

void revoke_area_of(std::string_view deed) {
    const auto run = frames(1);
    const std::string_view arguments[] = {deed};
    const libos::Grant grants[] = {{9, run.get(), frame_rights}};
    auto request = guest::request("victim", arguments);
    request.grants = grants;
    auto child = libos::spawn(request);
    TEST_ASSERT_OK(child);
    while (!guest::waits(child->id))
        TEST_ASSERT_OK(sys::vcpu_yield());
    TEST_ASSERT_OK(sys::cap_revoke(run.get()));
    TEST_ASSERT_EQUAL(lamina::EndCause::revoked, guest::wait_end(std::move(*child)).cause);
}

void test_revoking_the_page_of_a_vcpu_area_ends_its_environment() { revoke_area_of("bind-given"); }
void test_also_if_the_page_was_unmapped() { revoke_area_of("bind-given-and-unmap"); }

void test_a_moved_capability_is_gone_here_and_still_revocable() {
    const auto notification = libos::own(sys::notification_create(fixed::account));
    TEST_ASSERT_OK(notification);
    auto child = guest::start("victim", {"loop"});
    TEST_ASSERT_OK(child);
    const Handle env = child->env.get();
    const auto derived = sys::cap_derive(notification->get(), Rights::signal | Rights::copy, 0, 0);
    TEST_ASSERT_OK(derived);
    const auto weak = libos::own(sys::cap_derive(notification->get(), Rights::signal, 0, 0));
    TEST_ASSERT_OK(weak);
    TEST_ASSERT_STATUS(missing_right, sys::cap_move(env, weak->get(), 9));
    TEST_ASSERT_OK(sys::cap_move(env, *derived, 9));
    TEST_ASSERT_TRUE(!there(*derived));
    TEST_ASSERT_STATUS(bad_handle, sys::cap_move(env, *derived, 9));
    TEST_ASSERT_STATUS(slot_in_use, sys::cap_copy(env, notification->get(), Rights::signal, 9));
    TEST_ASSERT_OK(sys::cap_revoke(notification->get()));
    TEST_ASSERT_OK(sys::cap_copy(env, notification->get(), Rights::signal, 9));
    TEST_ASSERT_OK(sys::env_end(env, 0));
    guest::wait_end(std::move(*child));
}

void test_an_environments_capability_for_itself_cannot_be_moved() {
    auto child = guest::start("victim", {"loop"});
    TEST_ASSERT_OK(child);
    TEST_ASSERT_STATUS(bad_argument, sys::cap_move(child->env.get(), fixed::self, 0));
    TEST_ASSERT_STATUS(bad_argument, sys::cap_move(child->env.get(), child->env.get(), 0));
    TEST_ASSERT_OK(sys::env_end(child->env.get(), 0));
    guest::wait_end(std::move(*child));
}

}  // namespace

int lamina_main(std::span<const std::string_view>) {
    RUN_TEST(test_all_that_was_derived_goes_and_the_source_stays);
    RUN_TEST(test_what_it_was_derived_from_and_siblings_stay);
    RUN_TEST(test_pages_mapped_by_it_or_what_was_derived_go);
    RUN_TEST(test_a_page_mapped_by_a_capability_since_dropped_goes_with_its_parent);
    RUN_TEST(test_thousands_go_in_one_call);
    RUN_TEST(test_a_child_loses_what_was_copied_to_it);
    RUN_TEST(test_who_waits_by_a_revoked_capability_wakes_with_revoked);
    RUN_TEST(test_revoking_the_page_of_a_vcpu_area_ends_its_environment);
    RUN_TEST(test_also_if_the_page_was_unmapped);
    RUN_TEST(test_a_moved_capability_is_gone_here_and_still_revocable);
    RUN_TEST(test_an_environments_capability_for_itself_cannot_be_moved);
    return libos::unity::end();
}
