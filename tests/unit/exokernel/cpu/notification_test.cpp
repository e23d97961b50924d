// tests/unit/exokernel/cpu/notification_test.cpp - Notification: bits, waiting, waking.
#include "exokernel/cpu/notification.hpp"

#include <memory>

#include "arch/machine.hpp"
#include "doctest/doctest.h"
#include "exokernel/cpu/cpus.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::Notification;
using exo::Vcpu;
using exo::VcpuState;
using lamina::Status;
using lamina::wait_forever;

namespace {

/// A notification that one capability refers to, and a vCPU that runs.
struct Fixture {
    Fixture() {
        cpu->self = cpu.get();
        exo::arch::host_cpu_local = cpu.get();
        by.children.close();
        vcpu.home = cpu.get();
        vcpu.slice.vcpu = vcpu.deadline.vcpu = &vcpu;
        notification.type = lamina::ObjectType::notification;
        notification.references = 1;
        REQUIRE(cpu->slices.attach(vcpu.slice));
        exo::make_ready(vcpu);
        vcpu.state = VcpuState::ready;
    }
    ~Fixture() { exo::arch::host_cpu_local = nullptr; }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;
    bool ready() { return cpu->slices.next() == &vcpu.slice; }
    void wait(std::uint64_t mask, std::uint64_t deadline_ns = wait_forever) {
        REQUIRE(notification.wait(vcpu, by, mask, deadline_ns));
    }

    std::unique_ptr<exo::CpuLocal> cpu = std::make_unique<exo::CpuLocal>();
    Vcpu vcpu = {};
    exo::CapSlot by;
    Notification notification = {};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "bits stay set until they are taken") {
    notification.signal(0b0101);
    notification.signal(0b0100);
    notification.signal(0b1000);
    CHECK(notification.bits == 0b1101);
}

TEST_CASE_FIXTURE(Fixture, "taking takes the set bits of the mask and leaves the others") {
    notification.signal(0b1101);
    CHECK(notification.take(0b0110) == 0b0100);
    CHECK(notification.bits == 0b1001);
    CHECK(notification.take(0b0110) == 0);
    CHECK(notification.bits == 0b1001);
}

TEST_CASE_FIXTURE(Fixture, "a waiting vCPU is not ready") {
    wait(1);
    CHECK(vcpu.state == VcpuState::waiting);
    CHECK_FALSE(ready());
    CHECK(notification.waiter == &vcpu);
}

TEST_CASE_FIXTURE(Fixture, "a bit of the mask wakes the waiter, which gets it with status ok") {
    wait(0b0110);
    vcpu.context.rax = 99;
    notification.signal(0b0010);
    CHECK(vcpu.state == VcpuState::ready);
    CHECK(ready());
    CHECK(vcpu.context.rax == std::uint64_t(Status::ok));
    CHECK(vcpu.context.rdx == 0b0010);
    CHECK(notification.waiter == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "a woken vCPU gets the bits of its mask; the others stay") {
    notification.signal(0b1000);
    wait(0b0110);
    notification.signal(0b0011);
    CHECK(vcpu.context.rdx == 0b0010);
    CHECK(notification.bits == 0b1001);
}

TEST_CASE_FIXTURE(Fixture, "other bits do not wake the waiter") {
    wait(0b0110);
    notification.signal(0b1001);
    CHECK(vcpu.state == VcpuState::waiting);
    CHECK_FALSE(ready());
    CHECK(notification.bits == 0b1001);
}

TEST_CASE_FIXTURE(Fixture, "a second vCPU finds the notification busy; nothing changes") {
    wait(1);
    Vcpu other = {};
    other.state = VcpuState::ready;
    CHECK(notification.wait(other, by, 1, wait_forever).error() == Status::busy);
    CHECK(notification.waiter == &vcpu);
    CHECK(other.state == VcpuState::ready);
    CHECK(other.waits_for == nullptr);
    CHECK(notification.references == 2);
}

TEST_CASE_FIXTURE(Fixture, "a waiter keeps the notification alive, once") {
    wait(1);
    CHECK(notification.references == 2);
    notification.signal(1);
    CHECK(notification.references == 1);
    wait(1);
    Notification::cancel_wait(vcpu, Status::timed_out);
    CHECK(notification.references == 1);
}

TEST_CASE_FIXTURE(Fixture, "a wait that is cancelled returns the status and no bits") {
    wait(0b10);
    vcpu.context.rdx = 7;
    Notification::cancel_wait(vcpu, Status::timed_out);
    CHECK(vcpu.context.rax == std::uint64_t(Status::timed_out));
    CHECK(vcpu.context.rdx == 0);
    CHECK(vcpu.waits_for == nullptr);
    CHECK(notification.waiter == nullptr);
    CHECK(ready());
}

TEST_CASE_FIXTURE(Fixture, "after the wait is over a signal goes to the notification alone") {
    wait(1);
    Notification::cancel_wait(vcpu, Status::timed_out);
    notification.signal(1);
    CHECK(vcpu.context.rax == std::uint64_t(Status::timed_out));
    CHECK(notification.bits == 1);
}

TEST_CASE_FIXTURE(Fixture, "a wait with a deadline is due then, and a signal forgets it") {
    wait(1, 500);
    CHECK(cpu->deadlines.nearest() == 500);
    notification.signal(1);
    CHECK(cpu->deadlines.nearest() == wait_forever);
}

TEST_CASE_FIXTURE(Fixture, "a vCPU that does not wait has no wait to cancel") {
    CHECK_FALSE(panic_of([&] { Notification::cancel_wait(vcpu, Status::timed_out); }).empty());
}

TEST_CASE_FIXTURE(Fixture, "a wait is derived from the capability it is by, until it ends") {
    wait(1);
    CHECK(by.children.next == &vcpu.wait_link);
    notification.signal(1);
    CHECK(by.children.alone());
}

TEST_CASE_FIXTURE(Fixture, "a waiter may hold the last reference") {
    wait(1);
    --notification.references;  // the capability is dropped
    Notification::cancel_wait(vcpu, Status::timed_out);
    CHECK(notification.references == 0);
    CHECK(ready());
}

TEST_CASE_FIXTURE(Fixture, "who is told hears of bits that no waiter takes, and the bits stay") {
    Vcpu told = {};
    notification.tell(told, by);
    CHECK(notification.references == 2);
    CHECK(by.children.next == &told.told_link);
    CHECK(told.upcalls_due == 0);
    notification.signal(0);
    CHECK(told.upcalls_due == 0);
    notification.signal(0b0100);
    CHECK(told.upcalls_due == lamina::pending_notification);
    CHECK(notification.bits == 0b0100);
    told.upcalls_due = 0;
    notification.signal(0b0100);  // the same again
    CHECK(told.upcalls_due == lamina::pending_notification);
}

TEST_CASE_FIXTURE(Fixture, "of what the waiter takes nobody is told, of the rest one is") {
    Vcpu told = {};
    notification.tell(told, by);
    wait(0b0011);
    notification.signal(0b0001);
    CHECK(vcpu.state == VcpuState::ready);
    CHECK(told.upcalls_due == 0);
    wait(0b0011);
    notification.signal(0b0110);
    CHECK(vcpu.context.rdx == 0b0010);
    CHECK(told.upcalls_due == lamina::pending_notification);
    CHECK(notification.bits == 0b0100);
}

TEST_CASE_FIXTURE(Fixture, "bits that are set already are told of at once") {
    Vcpu told = {};
    told.upcalls_due = lamina::pending_timer;
    notification.signal(1);
    notification.tell(told, by);
    CHECK(told.upcalls_due == (lamina::pending_notification | lamina::pending_timer));
    Notification::stop_telling(told);
    CHECK(told.upcalls_due == lamina::pending_timer);
    CHECK(told.told_of == nullptr);
    CHECK(notification.told == nullptr);
    CHECK(notification.references == 1);
    CHECK(by.children.alone());
    Notification::stop_telling(told);  // and once only
    CHECK(notification.references == 1);
    notification.signal(2);
    CHECK(told.upcalls_due == lamina::pending_timer);
}
