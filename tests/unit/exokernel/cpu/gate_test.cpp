// tests/unit/exokernel/cpu/gate_test.cpp - Gate and chains: calling, replying, cutting.
#include "exokernel/cpu/gate.hpp"

#include <memory>

#include "arch/machine.hpp"
#include "doctest/doctest.h"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/cpu/notification.hpp"
#include "tests/unit/exokernel/machine.hpp"

using exo::Gate;
using exo::Vcpu;
using exo::VcpuState;
using lamina::Status;
using lamina::wait_forever;

namespace {

constexpr std::uint64_t stack = 0x7000;

struct Fixture {
    Fixture() {
        for (exo::CpuLocal* each : {here.get(), there.get()})
            each->self = each;
        exo::arch::host_cpu_local = here.get();
        by.children.close();
        by.set_badge(77);
        other_by.children.close();
        place(caller, *here);
        place(callee, *there);
        place(last, *there);
        caller.state = VcpuState::ready;
        make_ready(caller);
        here->running = &caller;
        gate.entry = 0x4000;
        gate.references = 1;
        gate.attach(callee, stack);
    }
    ~Fixture() { exo::arch::host_cpu_local = nullptr; }
    Fixture(const Fixture&) = delete;
    Fixture& operator=(const Fixture&) = delete;

    static void place(Vcpu& vcpu, exo::CpuLocal& home) {
        vcpu.home = &home;
        vcpu.slice.vcpu = vcpu.deadline.vcpu = &vcpu;
        REQUIRE(home.slices.attach(vcpu.slice));
    }
    void call(std::uint64_t deadline_ns = wait_forever) {
        CHECK(&gate.call(caller, by) == &callee);
        if (deadline_ns != wait_forever) set_deadline(caller, deadline_ns);
    }
    /// The callee calls `last` through a gate of its own.
    void call_on() {
        inner.attach(last, stack);
        inner.call(callee, other_by);
    }
    /// Whether a CPU has this slice, and no other, to run.
    static bool only(exo::CpuLocal& cpu, const Vcpu& vcpu) {
        return cpu.slices.next() == &vcpu.slice && !cpu.slices.others_ready(vcpu.slice);
    }
    static bool none(exo::CpuLocal& cpu) { return cpu.slices.next() == nullptr; }

    std::unique_ptr<exo::CpuLocal> here = std::make_unique<exo::CpuLocal>();
    std::unique_ptr<exo::CpuLocal> there = std::make_unique<exo::CpuLocal>();
    Vcpu caller = {}, callee = {}, last = {};
    exo::CapSlot by, other_by;
    Gate gate = {}, inner = {};
    exo::Notification notification = {};
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an activation is parked, free, and holds its gate") {
    CHECK(callee.state == VcpuState::parked);
    CHECK(gate.free == &callee);
    CHECK(gate.references == 2);
    CHECK(none(*there));
}

TEST_CASE_FIXTURE(Fixture, "the callee starts at the entry, with the stack") {
    call();
    const exo::Context& context = callee.context;
    CHECK(context.start_rip == 0x4000);
    CHECK(context.start_rsp == stack);
}

TEST_CASE_FIXTURE(Fixture, "the callee runs in the caller's slice, and its own stays off") {
    call();
    CHECK(caller.state == VcpuState::calling);
    CHECK(callee.state == VcpuState::ready);
    CHECK(gate.free == nullptr);
    CHECK(&base_of(callee) == &caller);
    CHECK(&tip_of(caller) == &callee);
    CHECK(only(*here, caller));
    CHECK(none(*there));
    CHECK(by.children.next == &caller.wait_link);
}

TEST_CASE_FIXTURE(Fixture, "its upcalls are disabled") {
    lamina::VcpuArea area = {};
    callee.area = &area;
    call();
    CHECK(area.disabled == 1);
}

TEST_CASE_FIXTURE(Fixture, "the reply wakes the caller and frees the activation") {
    call();
    CHECK(gate.reply(callee) == &caller);
    CHECK(caller.state == VcpuState::ready);
    CHECK(caller.callee == nullptr);
    CHECK(callee.caller == nullptr);
    CHECK(callee.state == VcpuState::parked);
    CHECK(gate.free == &callee);
    CHECK(by.children.alone());
    CHECK(only(*here, caller));
}

TEST_CASE_FIXTURE(Fixture, "while the callee waits, the caller's slices are off, on its CPU") {
    call();
    REQUIRE(notification.wait(callee, other_by, 1, 500));
    CHECK(none(*here));
    CHECK(here->deadlines.nearest() == 500);
    CHECK(there->deadlines.nearest() == wait_forever);
    notification.signal(1);
    CHECK(only(*here, caller));
    CHECK(none(*there));
    CHECK(here->deadlines.nearest() == wait_forever);
}

TEST_CASE_FIXTURE(Fixture, "a deadline is that of the caller's CPU, and the reply forgets it") {
    call(700);
    CHECK(here->deadlines.nearest() == 700);
    CHECK(here->timer_ns == 0);  // there is no slice that ends later than now
    CHECK(gate.reply(callee) == &caller);
    CHECK(here->deadlines.nearest() == wait_forever);
}

TEST_CASE_FIXTURE(Fixture, "a call that ends otherwise leaves the callee in its own slice") {
    call(700);
    const auto interrupts = exo::arch::host_cpu_interrupts;
    here->must_dispatch = 0;
    end_wait(caller, Status::timed_out);
    CHECK(caller.state == VcpuState::ready);
    CHECK(caller.context.rax == std::uint64_t(Status::timed_out));
    CHECK(caller.context.rdx == 0);
    CHECK(here->deadlines.nearest() == wait_forever);
    CHECK(by.children.alone());
    CHECK(only(*here, caller));
    CHECK(only(*there, callee));
    CHECK(exo::arch::host_cpu_interrupts == interrupts + 1);  // of the callee's CPU
    CHECK(here->must_dispatch != 0);
}

TEST_CASE_FIXTURE(Fixture, "a reply that is void only parks the activation") {
    call();
    end_wait(caller, Status::timed_out);
    CHECK(gate.reply(callee) == nullptr);
    CHECK(caller.context.rdx == 0);
    CHECK(callee.state == VcpuState::parked);
    CHECK(gate.free == &callee);
}

TEST_CASE_FIXTURE(Fixture, "a callee that waits goes on waiting when it is left alone") {
    call();
    REQUIRE(notification.wait(callee, other_by, 1, wait_forever));
    end_wait(caller, Status::revoked);
    CHECK(only(*here, caller));
    CHECK(none(*there));
    notification.signal(1);
    CHECK(only(*there, callee));
}

TEST_CASE_FIXTURE(Fixture, "a chain of three is cut between the first and the others") {
    call();
    call_on();
    CHECK(&base_of(last) == &caller);
    end_wait(caller, Status::timed_out);
    CHECK(&base_of(last) == &callee);
    CHECK(&tip_of(caller) == &caller);
    CHECK(callee.state == VcpuState::calling);
    CHECK(only(*there, callee));
    CHECK(only(*here, caller));
}

TEST_CASE_FIXTURE(Fixture, "a chain of three is cut between the last and the others") {
    call();
    call_on();
    end_wait(callee, Status::timed_out);
    CHECK(&base_of(callee) == &caller);
    CHECK(callee.state == VcpuState::ready);
    CHECK(caller.state == VcpuState::calling);
    CHECK(only(*here, caller));
    CHECK(only(*there, last));
}

TEST_CASE_FIXTURE(Fixture, "the end of an activation's environment ends the call and the gate") {
    inner.attach(last, stack);
    call();
    CHECK_FALSE(Gate::detach(callee));
    CHECK(caller.context.rax == std::uint64_t(Status::ended));
    CHECK(gate.ended);
    CHECK(callee.gate == nullptr);
    CHECK(gate.references == 1);
    CHECK(Gate::detach(last));  // nobody else had the inner gate
    CHECK(inner.free == nullptr);
}

TEST_CASE_FIXTURE(Fixture, "sixteen calls within one another are a chain without a place") {
    std::vector<std::unique_ptr<Vcpu>> chain;
    for (std::uint32_t i = 0; i <= exo::chain_calls_max; ++i) {
        chain.push_back(std::make_unique<Vcpu>());
        if (i != 0) chain[i]->caller = chain[i - 1].get();
        CHECK(chain_has_place(*chain[i]) == (i < exo::chain_calls_max));
    }
}
