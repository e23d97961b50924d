// tests/sim/world.cpp - running the kernel on the simulated machine.
#include "tests/sim/world.hpp"
#include "exokernel/cpu/dispatch.hpp"

#include "exokernel/env/env.hpp"
#include "tests/sim/boot.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

/// Steps within which all CPUs come to rest once programs do nothing more.
constexpr std::uint64_t rest_steps_max = 100'000;

void make_step(Machine& machine, Checks& checks, std::uint64_t first_id) {
    ++run_position.step;
    checks.before_step();
    const Cpu& actor = machine.step();
    if (checks.view().find_env(first_id) == nullptr || !checks.view().find_env(first_id)->alive())
        violated("The first environment lives.", "it ended");
    // Only who waits without a lock has changed nothing between two rounds of waiting: between the
    // wait for a lock and one for other CPUs' answers lies the work done with it.
    const bool only_waited = actor.waiting && actor.waited && actor.locks == 0;
    if (actor.kernel_ran && !only_waited) checks.after_step(actor);
}

bool all_rest(Machine& machine) {
    for (unsigned i = 0; i < cpu_count; ++i)
        if (!machine.resting(machine.cpu(i))) return false;
    return !machine.holds_locks();
}

}  // namespace

RunTotals run_world(Choices& choices, std::uint64_t steps, const Shape& shape) {
    frame_count = shape.frames;
    run_position.step = 0;
    run_position.steps_max = steps;
    Checks checks(root_account());
    Machine machine(choices, checks.incarnations(), shape.tlb_tags);
    boot_kernel();
    for (unsigned i = 0; i < cpu_count; ++i)
        machine.cpu(i).root = exo::kernel_root();
    const std::uint64_t first_id = start_first_env().id;
    checks.start(machine);
    Programs programs(machine, checks.view(), first_id);
    machine.start(programs);
    while (run_position.step < steps && !choices.ended())
        make_step(machine, checks, first_id);
    const std::uint64_t made = run_position.step;

    machine.stop_user_code();
    while (!all_rest(machine)) {
        if (run_position.step - made == rest_steps_max)
            violated("Without new calls all CPUs come to rest.", "one is still in its kernel");
        make_step(machine, checks, first_id);
    }
    checks.all();
    const CallCounts& calls = programs.counts();
    return {made,  checks.full_checks(), calls.of[std::size_t(lamina::Call::env_create)][0],
            calls, checks.activity(),    programs.fingerprint()};
}

void RunTotals::add(const RunTotals& other) {
    steps += other.steps;
    full_checks += other.full_checks;
    environments += other.environments;
    fingerprint += other.fingerprint;
    activity.add(other.activity);
    for (std::size_t call = 0; call < calls.of.size(); ++call)
        for (std::size_t status = 0; status < CallCounts::statuses; ++status)
            calls.of[call][status] += other.calls.of[call][status];
}

}  // namespace sim
