// tests/sim/checks.cpp - which check runs when.
#include "tests/sim/checks.hpp"

#include <string>

#include "tests/sim/ledger.hpp"
#include "tests/sim/stale_entries.hpp"
#include "tests/sim/violation.hpp"

namespace sim {

Checks::Checks(exo::Account& root)
    : view_(root), capabilities_(view_, incarnations_), mappings_(view_, capabilities_) {}

void Checks::start(Machine& machine) {
    machine_ = &machine;
    view_.refresh();
    incarnations_.update();
    capabilities_.adopt();
    mappings_.adopt();
    all();
}

void Checks::after_step(const Cpu& actor) {
    view_.refresh();
    incarnations_.update();
    mappings_.check(actor.caller);
    capabilities_.check(actor.caller);
    check_stale_entries(*machine_, actor, incarnations_);
    if (!machine_->holds_locks()) all();
}

void Checks::all() {
    ++full_checks_;
    check_ledger(view_);
    check_references(view_);
    check_sleepers();
}

void Checks::check_sleepers() const {
    for (const exo::Vcpu* vcpu : view_.vcpus()) {
        if (vcpu->state != exo::VcpuState::ready && vcpu->state != exo::VcpuState::ending) continue;
        const exo::CpuLocal* home = vcpu->slices->cpu();
        const Cpu& cpu = machine_->cpu(home->index);
        if (cpu.halted && !machine_->interrupt_waits(cpu))
            violated("A CPU does not sleep while a vCPU of it could run.",
                     "CPU " + std::to_string(cpu.index));
    }
}

}  // namespace sim
