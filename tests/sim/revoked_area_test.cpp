// tests/sim/revoked_area_test.cpp - the page of a vCPU's area is revoked while the vCPU runs on
// another CPU
#include <cstring>
#include <vector>

#include "doctest/doctest.h"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/env/env.hpp"
#include "tests/sim/arguments.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/checks.hpp"
#include "tests/sim/entry.hpp"
#include "tests/sim/machine.hpp"

namespace {

using lamina::Call;

constexpr std::uint64_t account = lamina::slots::account;
constexpr std::uint64_t area = sim::home + 16 * exo::page_size;
constexpr std::uint64_t entries = area + exo::page_size / 2;

/// What user mode does on each CPU: the calls it is given, and between them nothing.
class Script final : public sim::UserCode {
public:
    void step(sim::Cpu& cpu) override {
        if (cpu.index != caller_ || returned_) return;
        cpu.in_kernel = cpu.kernel_ran = true;
        cpu.call = {cpu.local.running->env->id, std::uint64_t(number_), arguments_};
        if (!sim::enter_by_call(cpu.local, std::uint64_t(number_), arguments_, result_)) return;
        cpu.in_kernel = false;
        returned_ = true;
    }
    void resumed(sim::Cpu&, const exo::Context&) override {}
    std::uint64_t expected_address(sim::Choices&) override { return sim::home; }

    void begin(unsigned cpu, Call number, const sim::CallArguments& arguments) {
        caller_ = cpu;
        number_ = number;
        arguments_ = arguments;
        returned_ = false;
    }
    bool returned() const { return returned_; }
    const sim::CallResult& result() const { return result_; }

private:
    unsigned caller_ = 0;
    Call number_ = Call::null;
    sim::CallArguments arguments_ = {};
    sim::CallResult result_ = {};
    bool returned_ = true;
};

/// A running kernel: the first environment on CPU 0, and one that it has made on CPU 1.
struct Lab {
    Lab() {
        sim::boot_kernel();
        const exo::Env& first = sim::start_first_env();
        for (unsigned i = 0; i < sim::cpu_count; ++i)
            machine.cpu(i).root = exo::kernel_root();
        std::memset(first.space.find(sim::home, true), 'a', exo::page_size);
        checks.start(machine);
        machine.start(script);
        step_all();
        env = call(0, Call::env_create, {account, sim::home, 4, 0, 0, 1});
        run = call(0, Call::frames_alloc, {account, 1});
        (void)call(0, Call::frames_map, {env, run, 0, 1, area, 3});
        (void)call(0, Call::env_start, {env, sim::home, sim::home, 0});
        step_all();
        vcpu = machine.cpu(1).local.running;
        REQUIRE(vcpu->loaded_on == &machine.cpu(1).local);
    }

    void step(unsigned cpu) { checks.after_step(machine.step_of(cpu)); }
    void step_all() {
        for (int i = 0; i < 100; ++i)
            for (unsigned cpu = 0; cpu < sim::cpu_count; ++cpu)
                if (!machine.resting(machine.cpu(cpu)) || !script.returned()) step(cpu);
    }
    /// A call that works; its value.
    std::uint64_t call(unsigned cpu, Call number, const sim::CallArguments& arguments) {
        script.begin(cpu, number, arguments);
        step_all();
        REQUIRE(script.returned());
        REQUIRE(script.result().status == 0);
        return script.result().value;
    }

    sim::Choices choices{1};
    sim::Checks checks{sim::root_account()};
    sim::Machine machine{choices, checks.incarnations()};
    Script script;
    std::uint64_t env = 0, run = 0;
    exo::Vcpu* vcpu = nullptr;
};

}  // namespace

TEST_CASE_FIXTURE(Lab, "an area's page is not revoked before the vCPU's CPU knows") {
    (void)call(1, Call::vcpu_bind, {lamina::slots::vcpu, area, entries});
    CHECK(vcpu->context.upcalls.area != nullptr);
    // Nothing else leads from the page to the CPU.
    (void)call(0, Call::frames_unmap, {env, area, 1});
    CHECK(vcpu->context.upcalls.area != nullptr);
    script.begin(0, Call::cap_revoke, {run});
    for (int i = 0; i < 100; ++i)
        step(0);
    CHECK_FALSE(script.returned());
    step_all();
    CHECK(script.returned());
    CHECK(script.result().status == 0);
    checks.all();
}
