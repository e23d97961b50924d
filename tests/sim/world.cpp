// tests/sim/world.cpp - booting the kernel on the simulated machine, and running it.
#include "tests/sim/world.hpp"

#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/env/console.hpp"
#include "exokernel/env/env.hpp"
#include "exokernel/env/info_pages.hpp"
#include "exokernel/env/revoke.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "tests/sim/violation.hpp"

namespace {

std::string last_log_line;

}  // namespace

void exo::stop_machine() { sim::violated("The kernel does not panic.", last_log_line); }

namespace sim {
namespace {

using exo::Capability;
using exo::ObjectType;
using exo::Rights;

/// Steps within which all CPUs come to rest once programs do nothing more.
constexpr std::uint64_t rest_steps_max = 100'000;

alignas(exo::page_size) std::byte memory[frame_count * exo::page_size];
std::vector<exo::FrameInfo> frame_infos;
exo::Account root_account;

template <typename T>
T must(exo::Result<T> result) {
    if (!result) violated("The kernel boots.", lamina::status_name(result.error()));
    if constexpr (!std::is_void_v<T>) return *result;
}

/// All of the kernel's global state, as boot/main.cpp makes it.
void boot_kernel() {
    std::memset(memory, 0xa5, sizeof memory);
    exo::arch::host_memory = memory;
    exo::set_log_sink([](std::string_view line) { last_log_line = line; });
    exo::set_dispatch_ops({[](exo::Vcpu& vcpu) {
                               return vcpu.state == exo::VcpuState::revoking ? revoke_step(vcpu)
                                                                             : end_step(*vcpu.env);
                           },
                           [](const exo::Vcpu* vcpu) { exo::info_pages.refresh(vcpu); }});
    exo::set_account_destroyer(exo::destroy_object);
    frame_infos.assign(frame_count, {});
    exo::frames = {};
    exo::frames.adopt(frame_infos);
    exo::frames.add_free({0}, frame_count);
    root_account = {{ObjectType::account, 0, 1}, nullptr, exo::frames.counts().total, 0, 0};
    exo::console = {{ObjectType::console, 0, 1}, nullptr, 0, nullptr};
    exo::set_kernel_root(exo::address_of(must(exo::frames.alloc(exo::FrameState::table, nullptr))));
    exo::info_pages = {};
    must(exo::info_pages.create(root_account));
}

Capability capability(ObjectType type, exo::Object* object, Rights rights) {
    Capability made;
    made.type = type;
    made.object = object;
    made.rights = rights;
    return made;
}

/// The first environment, with memory at `home`, all rights to the machine's frames, and the
/// console.
exo::Env& start_first_env() {
    const Capability account = capability(ObjectType::account, &root_account, Rights::all);
    exo::Env& env = *must(exo::create_env({"first", account, nullptr, nullptr, 0, 0, 0}));
    const exo::FrameNumber run = must(exo::frames.alloc_run(home_pages, root_account));
    using lamina::Protection;
    const auto both = Protection::read | Protection::write;
    using namespace lamina::slots;
    const lamina::Handle handle = env.caps.insert(
        archive,
        exo::frames.capability(run, home_pages, Rights::read | Rights::write | Rights::copy),
        nullptr, true);
    exo::CapSlot& source = *must(env.caps.lookup_any(handle, Rights::none));
    must(env.space.map(home, source, 0, home_pages, {both, both}));
    env.caps.insert(console, capability(ObjectType::console, &exo::console, Rights::all), nullptr);
    env.caps.insert(
        info,
        exo::frames.capability(exo::info_pages.first_frame(), exo::InfoPageWriter::page_count,
                               Rights::read | Rights::copy),
        nullptr);
    must(start_env(env, home, home, 0));
    return env;
}

void make_step(Machine& machine, Checks& checks, std::uint64_t first_id) {
    ++run_position.step;
    const Cpu& actor = machine.step();
    if (checks.view().find_env(first_id) == nullptr || !checks.view().find_env(first_id)->alive())
        violated("The first environment lives.", "it ended");
    if (actor.kernel_ran && !(actor.waiting && actor.waited)) checks.after_step(actor);
}

bool all_rest(Machine& machine) {
    for (unsigned i = 0; i < cpu_count; ++i)
        if (!machine.resting(machine.cpu(i))) return false;
    return !machine.holds_locks();
}

}  // namespace

RunTotals run_world(Choices& choices, std::uint64_t steps) {
    run_position.step = 0;
    run_position.steps_max = steps;
    Checks checks(root_account);
    Machine machine(choices, checks.incarnations());
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
    return {made, checks.full_checks(), calls.of[std::size_t(lamina::Call::env_create)][0], calls,
            programs.fingerprint()};
}

void RunTotals::add(const RunTotals& other) {
    steps += other.steps;
    full_checks += other.full_checks;
    environments += other.environments;
    fingerprint += other.fingerprint;
    for (std::size_t call = 0; call < calls.of.size(); ++call)
        for (std::size_t status = 0; status < CallCounts::statuses; ++status)
            calls.of[call][status] += other.calls.of[call][status];
}

}  // namespace sim
