// tests/sim/activity.cpp - counting what vCPUs do.
#include "tests/sim/activity.hpp"

#include <cstdio>

namespace sim {
namespace {

using exo::Vcpu;
using exo::VcpuState;

constexpr std::uint64_t ActivityCounts::* members[] = {
    &ActivityCounts::parallel,
    &ActivityCounts::served,
    &ActivityCounts::served_deep,
    &ActivityCounts::cut,
    &ActivityCounts::waits,
    &ActivityCounts::woken,
    &ActivityCounts::watches,
    &ActivityCounts::came_true,
    &ActivityCounts::pokes_of_halted,
    &ActivityCounts::migrations,
    &ActivityCounts::yields_to_others,
    &ActivityCounts::bound_slices,
    &ActivityCounts::upcalls,
    &ActivityCounts::told,
};
constexpr const char* names[] = {
    "parallel",        "served",     "served_deep",      "cut",
    "waits",           "woken",      "watches",          "came_true",
    "pokes_of_halted", "migrations", "yields_to_others", "bound_slices",
    "upcalls",         "told",
};
static_assert(std::size(members) == std::size(names) &&
              sizeof(ActivityCounts) == std::size(members) * sizeof(std::uint64_t));

bool succeeded(const Vcpu& vcpu) { return vcpu.context.rax == 0; }

bool is_told(const Vcpu& vcpu) { return (vcpu.upcalls_due & lamina::pending_notification) != 0; }

bool in_user_mode(const Cpu& cpu) { return !cpu.in_kernel && cpu.local.running != nullptr; }

bool runs_in_parallel(Machine& machine) {
    for (unsigned i = 0; i < cpu_count; ++i)
        for (unsigned j = i + 1; j < cpu_count; ++j)
            if (in_user_mode(machine.cpu(i)) && in_user_mode(machine.cpu(j)) &&
                machine.cpu(i).local.running->env == machine.cpu(j).local.running->env)
                return true;
    return false;
}

}  // namespace

void ActivityCounts::add(const ActivityCounts& other) {
    for (const auto member : members)
        this->*member += other.*member;
}

void ActivityCounts::print() const {
    for (std::size_t i = 0; i < std::size(members); ++i)
        std::printf("activity: %s %llu\n", names[i],
                    static_cast<unsigned long long>(this->*members[i]));
}

void Activity::compare(const Vcpu& vcpu, const Seen& before) {
    const bool same = before.env_id == vcpu.env->id;
    const auto left = [&](VcpuState state) {
        return same && before.state == state && vcpu.state != state;
    };
    const auto entered = [&](VcpuState state) {
        return same && before.state != state && vcpu.state == state;
    };
    if (vcpu.caller != nullptr && (!same || before.caller == nullptr)) {
        ++counts.served;
        if (vcpu.caller->caller != nullptr && vcpu.caller->caller->caller != nullptr)
            ++counts.served_deep;
    }
    if (left(VcpuState::calling) && !succeeded(vcpu)) ++counts.cut;
    if (entered(VcpuState::waiting)) ++counts.waits;
    if (left(VcpuState::waiting) && succeeded(vcpu)) ++counts.woken;
    if (entered(VcpuState::watching)) ++counts.watches;
    if (left(VcpuState::watching) && succeeded(vcpu)) ++counts.came_true;
    if (same && !before.told && is_told(vcpu)) ++counts.told;
    if (same && before.home != vcpu.home && vcpu.state != VcpuState::created) ++counts.migrations;
}

void Activity::after_step(const KernelView& view, Machine& machine) {
    if (runs_in_parallel(machine)) ++counts.parallel;
    for (const Vcpu* const vcpu : view.vcpus()) {
        Seen& seen = seen_[exo::FrameTable::frame_at(vcpu).value];
        if (vcpu->env == nullptr) {
            seen = {};
            continue;
        }
        compare(*vcpu, seen);
        seen = {vcpu->env->id, vcpu->state, vcpu->caller, vcpu->home, is_told(*vcpu)};
    }
    for (unsigned i = 0; i < cpu_count; ++i) {
        const exo::CpuLocal& cpu = machine.cpu(i).local;
        if (cpu.slice != nullptr && cpu.slice->vcpu != nullptr && cpu.running != nullptr) {
            const bool other = cpu.given_to != cpu.slice->vcpu;
            if (other && cpu.given_to != given_to_[i]) ++counts.yields_to_others;
            if (cpu.slice != slices_[i] && cpu.slice != &cpu.slice->vcpu->slice)
                ++counts.bound_slices;
        }
        slices_[i] = cpu.slice;
        given_to_[i] = cpu.given_to;
    }
}

}  // namespace sim
