// tests/sim/ended_meanwhile_test.cpp - a call whose environment another CPU ends meanwhile
#include <cstring>

#include "doctest/doctest.h"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/env/env.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/checks.hpp"
#include "tests/sim/entry.hpp"
#include "tests/sim/machine.hpp"

namespace {

using exo::VcpuState;
using lamina::Call;
using sim::CallArguments;

constexpr std::uint64_t account = lamina::slots::account;

/// A booted kernel; CPU 0 is in user mode, in an environment that the first one has made.
struct Lab {
    Lab() {
        sim::boot_kernel();
        exo::Env& first = sim::start_first_env();
        for (unsigned i = 0; i < sim::cpu_count; ++i)
            machine.cpu(i).root = exo::kernel_root();
        checks.start(machine);
        sim::come_from_boot();
        (void)sim::go_on();
        const auto page = exo::frame_of(exo::PhysAddr{
            sim::Tlb::walk(first.space.root(), sim::home, 1) & exo::PageEntry::address_mask});
        std::memset(exo::FrameTable::contents(page), 'a', exo::page_size);
        const auto made = call(Call::env_create, {account, sim::home, 4, 0, 0, 0}).value;
        (void)call(Call::env_start, {made, sim::home, sim::home});
        (void)call(Call::vcpu_yield, {});
        env = cpu().running->env;
        REQUIRE(env != &first);
    }

    exo::CpuLocal& cpu() { return machine.cpu(0).local; }
    /// Makes a call of whoever runs; if it does not return at once, goes on with who runs then.
    sim::CallResult call(Call number, const CallArguments& arguments) {
        sim::CallResult result;
        if (!sim::enter_by_call(cpu(), std::uint64_t(number), arguments, result))
            (void)sim::go_on();
        return result;
    }
    /// What env_end of another CPU leaves, before its interrupt arrives here.
    void end_from_elsewhere() {
        exo::lock_kernel();
        REQUIRE(begin_end(*env, lamina::EndCause::killed, 1));
        cpu().must_dispatch = 0;
        exo::unlock_kernel();
    }

    sim::Choices choices{1};
    sim::Checks checks{sim::root_account()};
    sim::Machine machine{choices, checks.incarnations()};
    exo::Env* env = nullptr;
};

}  // namespace

TEST_CASE_FIXTURE(Lab, "who is ended while it enters the kernel does not wait, and ends") {
    const std::uint64_t note = call(Call::notification_create, {account}).value;
    end_from_elsewhere();
    sim::CallResult result;
    const bool back = sim::enter_by_call(cpu(), std::uint64_t(Call::notification_wait),
                                         {note, 1, lamina::wait_forever}, result);
    CHECK_FALSE(back);
    CHECK(env->vcpu->state == VcpuState::ending);
    CHECK(env->vcpu->waits_for == nullptr);
    (void)sim::go_on();
    CHECK(cpu().running->env != env);
    checks.all();
}

TEST_CASE_FIXTURE(Lab,
                  "who is ended while it enters the kernel does not revoke for long, and ends") {
    const std::uint64_t run = call(Call::frames_alloc, {account, 1}).value;
    for (int i = 0; i < 200; ++i)
        REQUIRE(call(Call::cap_derive, {run, 1, 0, 0}).status == 0);
    end_from_elsewhere();
    sim::CallResult result;
    if (sim::enter_by_call(cpu(), std::uint64_t(Call::cap_revoke), {run}, result))
        sim::enter_by_interrupt(cpu(), false);
    CHECK(env->vcpu->state == VcpuState::ending);
    (void)sim::go_on();
    CHECK(cpu().running->env != env);
    checks.all();
}
