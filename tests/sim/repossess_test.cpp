// tests/sim/repossess_test.cpp - memory that two want to take at the same time
#include <cstring>

#include "doctest/doctest.h"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/env/env.hpp"
#include "exokernel/env/long_call.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/checks.hpp"
#include "tests/sim/entry.hpp"
#include "tests/sim/machine.hpp"

namespace {

using lamina::Call;
using lamina::Status;

/// A booted kernel; CPU 0 is in user mode, in the first environment, which has made another one
/// and asked it for its frames. It is time to take them.
struct Lab {
    Lab() {
        sim::boot_kernel();
        const exo::Env& first = sim::start_first_env();
        for (unsigned i = 0; i < sim::cpu_count; ++i)
            machine.cpu(i).root = exo::kernel_root();
        checks.start(machine);
        sim::come_from_boot();
        (void)sim::go_on();
        std::memset(first.space.find(sim::home, true), 'a', exo::page_size);
        taker = first.vcpu;
        purse = call(Call::account_create, {lamina::slots::account, 20}).value;
        env = call(Call::env_create, {purse, sim::home, 4, 0, 0, 0}).value;
        run = call(Call::frames_alloc, {purse, 10}).value;
        REQUIRE(call(Call::account_reclaim, {purse, env, 16, 0, 0, 0}).value == 10);
    }
    /// A call that returns, or begins a long one.
    sim::CallResult call(Call number, const sim::CallArguments& arguments) {
        sim::CallResult result;
        returned =
            sim::enter_by_call(machine.cpu(0).local, std::uint64_t(number), arguments, result);
        return result;
    }

    sim::Choices choices{1};
    sim::Checks checks{sim::root_account()};
    sim::Machine machine{choices, checks.incarnations()};
    exo::Vcpu* taker = nullptr;
    std::uint64_t purse = 0, env = 0, run = 0;
    bool returned = false;
};

}  // namespace

TEST_CASE_FIXTURE(Lab, "what somebody takes by force at this moment nobody else can take") {
    (void)call(Call::account_repossess, {purse, env});
    REQUIRE_FALSE(returned);
    REQUIRE(taker->state == exo::VcpuState::in_call);
    // As another CPU comes in between two steps; who calls there makes no difference.
    machine.cpu(0).local.must_dispatch = 0;
    exo::unlock_kernel();
    CHECK(Status(call(Call::account_repossess, {purse, env}).status) == Status::busy);
    CHECK(returned);
    exo::lock_kernel();
    while (!exo::step_long_call(*taker))
        checks.all();
    CHECK(Status(taker->context.rax) == Status::ok);
    CHECK(taker->context.rdx == 0);
    (void)sim::go_on();
    checks.all();
    const auto again = call(Call::account_repossess, {purse, env});
    CHECK(returned);
    CHECK(Status(again.status) == Status::ok);
    CHECK(Status(call(Call::cap_drop, {run}).status) == Status::bad_handle);
    checks.all();
}

TEST_CASE_FIXTURE(Lab, "who takes frames in which its own vCPU has its area ends by that") {
    constexpr std::uint64_t area = sim::home + 16 * exo::page_size;
    (void)call(Call::frames_map, {0, run, 0, 2, area, 3});
    const auto bound = call(Call::vcpu_bind, {lamina::slots::vcpu, area, area + exo::page_size});
    REQUIRE(Status(bound.status) == Status::ok);
    (void)call(Call::account_repossess, {purse, env});
    REQUIRE_FALSE(returned);
    while (taker->state == exo::VcpuState::in_call)
        (void)exo::step_long_call(*taker);
    CHECK(taker->state == exo::VcpuState::ending);
    CHECK(taker->area == nullptr);
    machine.cpu(0).local.must_dispatch = 0;
    exo::unlock_kernel();
    checks.all();
}
