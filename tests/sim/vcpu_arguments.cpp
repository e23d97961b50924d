// tests/sim/vcpu_arguments.cpp - what calls on vCPUs, gates and slices need to succeed.
#include "tests/sim/arguments.hpp"

namespace sim {
namespace {

using exo::ObjectType;
using exo::Rights;
using exo::Vcpu;
using exo::VcpuState;

const Vcpu& vcpu_of(const exo::Capability& held) { return static_cast<const Vcpu&>(*held.object); }

bool is(const exo::Capability& held, ObjectType type, Rights rights) {
    return held.type == type && covers(held.rights, rights);
}

bool is_gate_with_room(const exo::Capability& held) {
    return is(held, ObjectType::gate, Rights::call) &&
           static_cast<const exo::Gate&>(*held.object).free != nullptr;
}

}  // namespace

/// Gives calls on vCPUs, gates and slices what chance alone would hardly find.
void ArgumentSource::aim_at_vcpus(lamina::Call call, const exo::Env& caller, CallArguments& made,
                                  std::uint64_t now_ns) {
    using lamina::Call;
    const auto in_state = [](VcpuState state, Rights rights) {
        return [=](const exo::Capability& held) {
            return is(held, ObjectType::vcpu, rights) && vcpu_of(held).state == state;
        };
    };
    switch (call) {
        case Call::vcpu_start:
            if (choices_->percent(70))
                aim_at(caller, made[0], in_state(VcpuState::created, Rights::manage));
            return;
        case Call::gate_call:
            // Long enough to be made within one another.
            if (choices_->percent(60)) made[1] = lamina::wait_forever;
            if (choices_->percent(90)) aim_at(caller, made[0], is_gate_with_room);
            return;
        case Call::notification_signal:
            if (!choices_->percent(60)) return;
            made[1] = ~std::uint64_t{0};
            return aim_at(caller, made[0], [](const exo::Capability& held) {
                return is(held, ObjectType::notification, Rights::signal) &&
                       static_cast<const exo::Notification&>(*held.object).waiter != nullptr;
            });
        case Call::notification_wait:
            if (choices_->percent(30)) made[2] = now_ns + choices_->below(60'000'000);
            return;
        case Call::vcpu_yield_to: {
            if (!choices_->percent(80)) return;
            const bool dead = choices_->percent(20);
            return aim_at(caller, made[0], [&](const exo::Capability& held) {
                if (!is(held, ObjectType::vcpu, Rights::call)) return false;
                const Vcpu& vcpu = vcpu_of(held);
                if (vcpu.home->index != cpu_) return false;
                return dead ? vcpu.state >= VcpuState::ending
                            : vcpu.state == VcpuState::ready && vcpu.loaded_on == nullptr;
            });
        }
        case Call::vcpu_migrate: {
            if (!choices_->percent(80)) return;
            const bool any = choices_->percent(50);  // or one that has a deadline
            if (choices_->percent(30)) made[1] = cpu_;
            return aim_at(caller, made[0], [any](const exo::Capability& held) {
                if (!is(held, ObjectType::vcpu, Rights::manage)) return false;
                const Vcpu& vcpu = vcpu_of(held);
                return vcpu.state < VcpuState::in_call && vcpu.home->running != &vcpu &&
                       (any || vcpu.timer.queue != nullptr || vcpu.deadline.queue != nullptr);
            });
        }
        case Call::slice_bind:
            if (choices_->percent(70)) aim_at_binding(caller, made);
            return;
        case Call::predicate_wait:
            // Long enough to be poked.
            if (choices_->percent(50)) made[1] = now_ns + choices_->below(60'000'000);
            return;
        case Call::vcpu_poke:
            if (choices_->percent(70))
                aim_at(caller, made[0], in_state(VcpuState::watching, Rights::signal));
            return;
        default: return;
    }
}

/// A slice that is nobody's, and a vCPU of its CPU; or one that is to be taken back.
void ArgumentSource::aim_at_binding(const exo::Env& caller, CallArguments& made) {
    const bool takes = choices_->percent(30);
    const exo::CpuLocal* home = nullptr;
    aim_at(caller, made[0], [&](const exo::Capability& held) {
        if (!is(held, ObjectType::slice, Rights::manage)) return false;
        const auto& slice = static_cast<const exo::Slice&>(*held.object);
        home = slice.home;
        return (slice.vcpu != nullptr) == takes;
    });
    if (takes)
        made[1] = 0;
    else
        aim_at(caller, made[1], [&](const exo::Capability& held) {
            return is(held, ObjectType::vcpu, Rights::manage) && vcpu_of(held).home == home &&
                   vcpu_of(held).state < VcpuState::ending;
        });
}

}  // namespace sim
