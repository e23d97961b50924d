// tests/sim/crews.cpp - environments of several vCPUs, and what those of gates do.
#include "lamina/rights.hpp"
#include "tests/sim/programs.hpp"

namespace sim {
namespace {

using lamina::Call;
using Stage = Crew::Stage;

constexpr unsigned vcpus_max = 8;

}  // namespace

/// Whether an environment has as many vCPUs as it wants. Those of the first one live for ever.
bool Programs::has_crew(const exo::Env& env) const {
    unsigned count = 0;
    for (const exo::Vcpu* vcpu = env.vcpu; vcpu != nullptr; vcpu = vcpu->next)
        ++count;
    return count >= vcpus_max;
}

void Programs::crew_step(Cpu& cpu, const exo::Env& env, Program& program) {
    Crew& crew = program.crew;
    program.of_crew = true;
    const std::uint64_t account = lamina::slots::account;
    switch (crew.stage) {
        case Stage::none: break;
        case Stage::gate: return call(cpu, program, Call::gate_create, {account, home});
        case Stage::vcpu:
            return call(cpu, program, Call::vcpu_create, {0, account, choices_->below(cpu_count)});
        case Stage::serve:
            return call(cpu, program, Call::gate_attach, {crew.gate, crew.vcpu, home});
        case Stage::run: return call(cpu, program, Call::vcpu_start, {crew.vcpu, home, home, 0});
        case Stage::tell:
            return call(cpu, program, Call::cap_copy,
                        {arguments_.handle_of(env, exo::ObjectType::env),
                         crew.gate != 0 ? crew.gate : crew.vcpu,
                         std::uint64_t(lamina::Rights::call | lamina::Rights::signal |
                                       lamina::Rights::copy),
                         0});
    }
}

void Programs::crew_result(Crew& crew, const CallResult& result) {
    const bool good = result.status == 0;
    const auto made = std::uint32_t(result.value);
    switch (crew.stage) {
        case Stage::none: return;
        case Stage::gate:
            crew.gate = good ? made : 0;
            crew.stage = good ? Stage::vcpu : Stage::none;
            return;
        case Stage::vcpu:
            crew.vcpu = made;
            crew.stage = !good ? Stage::none : crew.gate != 0 ? Stage::serve : Stage::run;
            return;
        case Stage::serve:
        case Stage::run: crew.stage = Stage::tell; return;
        case Stage::tell: crew.stage = --crew.left != 0 ? Stage::vcpu : Stage::none; return;
    }
}

/// What a vCPU does more often than chance alone would have it: one without an area gets one, all
/// yield, move each other, get slices and signal, and an activation of a gate returns, or makes
/// another call.
std::uint64_t Programs::call_of_vcpu(const exo::Vcpu& vcpu, std::uint64_t drawn) {
    const std::uint64_t chance = choices_->below(100);
    if (vcpu.area == nullptr && chance >= 94) return std::uint64_t(Call::vcpu_bind);
    if (chance == 93) return std::uint64_t(Call::vcpu_yield_to);
    if (chance == 92 || chance == 91) return std::uint64_t(Call::vcpu_migrate);
    if (chance == 90) return std::uint64_t(Call::slice_create);
    if (chance == 89 || chance == 88) return std::uint64_t(Call::slice_bind);
    if (chance == 87) return std::uint64_t(Call::notification_signal);
    if (vcpu.gate == nullptr || chance >= 30) return drawn;
    return std::uint64_t(chance < 12 ? Call::gate_return : Call::gate_call);
}

}  // namespace sim
