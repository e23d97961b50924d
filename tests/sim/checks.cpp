// tests/sim/checks.cpp - which check runs when.
#include "tests/sim/checks.hpp"

#include <algorithm>
#include <string>

#include "tests/sim/chains.hpp"
#include "tests/sim/ledger.hpp"
#include "tests/sim/stale_entries.hpp"
#include "tests/sim/turns.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
Checks::Checks(exo::Account& root)
    : view_(root),
      capabilities_(view_, incarnations_),
      mappings_(view_, capabilities_),
      derivation_(view_) {}

void Checks::start(Machine& machine) {
    machine_ = &machine;
    view_.refresh();
    incarnations_.update();
    capabilities_.adopt();
    mappings_.adopt();
    derivation_.adopt();
    all();
}

void Checks::after_step(const Cpu& actor) {
    view_.refresh();
    incarnations_.update();
    tree_changed_ |= mappings_.check(actor.call);
    tree_changed_ |= capabilities_.check(actor.call.caller);
    tree_changed_ |= derivation_.areas_changed();
    check_stale_entries(*machine_, actor, incarnations_);
    upcalls_.check(view_, actor);
    activity_.after_step(view_, *machine_);
    check_ends();
    if (actor.unlocked && actor.call.caller != 0 &&
        actor.call.number == std::uint64_t(lamina::Call::vcpu_poke))
        check_poked(actor);
    if (machine_->holds_locks() && !actor.left_section) return;
    if (tree_changed_) derivation_.check(actor.call);
    tree_changed_ = false;
    if (actor.revocation.caller != 0) derivation_.check_revoked(actor.revocation);
    check_whole();
}

void Checks::all() {
    view_.refresh();
    check_whole();
}

ActivityCounts Checks::activity() const {
    ActivityCounts all = activity_.counts;
    all.upcalls = upcalls_.count();
    return all;
}

void Checks::check_whole() {
    ++full_checks_;
    check_ledger(view_);
    check_references(view_);
    check_sleepers();
    check_chains(view_, *machine_);
    check_turns(view_, *machine_);
    check_bound(view_);
}

void Checks::check_ends() {
    for (const std::uint64_t id : ending_) {
        const exo::Env* env = view_.find_env(id);
        if (env != nullptr && env->alive())
            violated("An environment that ends goes on to its end.",
                     "environment " + std::to_string(id) + " lives again");
    }
    ending_.clear();
    for (const exo::Env* env : view_.envs())
        if (env->vcpu != nullptr && !env->alive()) ending_.push_back(env->id);
}

void Checks::check_poked(const Cpu& actor) {
    const exo::Env* env = view_.find_env(actor.call.caller);
    if (env == nullptr || env->vcpu == nullptr) return;
    const auto handle = actor.call.arguments[0];
    const auto slots = KernelView::slots(*env);
    const std::uint32_t slot = lamina::handle_slot(lamina::Handle(handle));
    if (slot >= slots.size() || std::uint64_t(slots[slot].name) != handle) return;
    const exo::Capability& poked = slots[slot];
    if (poked.type != exo::ObjectType::vcpu || !covers(poked.rights, exo::Rights::signal)) return;
    auto& vcpu = static_cast<exo::Vcpu&>(*poked.object);
    if (vcpu.state != exo::VcpuState::watching) return;
    const Cpu& cpu = machine_->cpu(exo::base_of(vcpu).home->index);
    if (!cpu.halted) return;
    ++activity_.counts.pokes_of_halted;
    if (!machine_->interrupt_waits(cpu))
        violated("A CPU whose vCPU is poked looks at what that waits for.",
                 "CPU " + std::to_string(cpu.index) + " sleeps on");
}

/// While it sleeps, a CPU with a vCPU that watches has its timer set to look again.
void Checks::check_watcher(exo::Vcpu& vcpu) const {
    const Cpu& cpu = machine_->cpu(exo::base_of(vcpu).home->index);
    if (!cpu.halted || machine_->interrupt_waits(cpu)) return;
    // Without time of its account it is not looked at.
    if (exo::base_of(vcpu).slice.payer->time_left() == 0) return;
    if (cpu.timer_ns == 0 || cpu.timer_ns > machine_->time_ns() + exo::slice_ns_default)
        violated("A CPU that sleeps looks within a slice at what its vCPUs wait for.",
                 "CPU " + std::to_string(cpu.index));
}

void Checks::check_sleepers() const {
    for (exo::Vcpu* vcpu : view_.vcpus()) {
        if (vcpu->state == exo::VcpuState::watching) check_watcher(*vcpu);
        if (vcpu->state != exo::VcpuState::ready && vcpu->state != exo::VcpuState::ending) continue;
        // The first one ends last.
        if (vcpu->state == exo::VcpuState::ending && vcpu == vcpu->env->vcpu && vcpu->next)
            continue;
        // Nor does who has no time left run.
        const exo::Vcpu& base = exo::base_of(*vcpu);
        if (vcpu->state == exo::VcpuState::ready && base.slice.payer->time_left() == 0) continue;
        const Cpu& cpu = machine_->cpu(base.home->index);
        if (cpu.halted && !machine_->interrupt_waits(cpu))
            violated("A CPU does not sleep while a vCPU of it could run.",
                     "CPU " + std::to_string(cpu.index));
    }
}

}  // namespace sim
