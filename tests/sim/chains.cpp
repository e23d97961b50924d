// tests/sim/chains.cpp - looking at callers, callees and gates.
#include "tests/sim/chains.hpp"

#include <string>

#include "exokernel/cpu/gate.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

using exo::Vcpu;
using exo::VcpuState;

std::string name_of(const Vcpu& vcpu) {
    return "vCPU in frame " + std::to_string(exo::FrameTable::frame_at(&vcpu).value);
}

void check_links(const Vcpu& vcpu) {
    const bool calls = vcpu.callee != nullptr;
    if (calls != (vcpu.state == VcpuState::calling) || (calls && vcpu.callee->caller != &vcpu) ||
        (vcpu.caller != nullptr && vcpu.caller->callee != &vcpu))
        violated("Caller and callee know each other while the call lasts, and only then.",
                 name_of(vcpu));
    const bool lives = vcpu.state != VcpuState::created && vcpu.state != VcpuState::parked &&
                       vcpu.state < VcpuState::ending;
    if (vcpu.caller != nullptr && (vcpu.gate == nullptr || !lives))
        violated("Only an activation that runs or waits serves a call.", name_of(vcpu));
    std::uint32_t calls_above = 0;
    for (const Vcpu* at = vcpu.caller; at != nullptr; at = at->caller)
        if (++calls_above > exo::chain_calls_max)
            violated("A chain has no more than so many calls.", name_of(vcpu));
}

void check_loaded(const Vcpu& vcpu) {
    if (vcpu.loaded_on == nullptr) return;
    if (vcpu.loaded_on->loaded != &vcpu)
        violated("A CPU knows which vCPU is loaded on it.", name_of(vcpu));
    if (vcpu.state == VcpuState::calling || vcpu.state == VcpuState::parked)
        violated("A vCPU that waits for its part in a call is loaded nowhere.", name_of(vcpu));
}

void check_gate(const exo::Gate& gate, const KernelView& view) {
    std::uint32_t parked = 0;
    for (const Vcpu* vcpu : view.vcpus())
        if (vcpu->gate == &gate && vcpu->state == VcpuState::parked) ++parked;
    for (const Vcpu* free = gate.free; free != nullptr; free = free->next_free)
        if (free->gate != &gate || free->state != VcpuState::parked || parked-- == 0)
            violated("The free activations of a gate are those that are parked.", name_of(*free));
    if (parked != 0)
        violated("The free activations of a gate are those that are parked.",
                 std::to_string(parked) + " are not found");
}

}  // namespace

void check_chains(const KernelView& view, Machine& machine) {
    for (const Vcpu* vcpu : view.vcpus()) {
        check_links(*vcpu);
        check_loaded(*vcpu);
    }
    for (const exo::Gate* gate : view.gates())
        check_gate(*gate, view);
    for (unsigned i = 0; i < cpu_count; ++i) {
        const Cpu& cpu = machine.cpu(i);
        // Until it has been interrupted it may run what another CPU has cut off.
        if (cpu.in_kernel || machine.interrupt_waits(cpu)) continue;
        const exo::CpuLocal& local = cpu.local;
        if (local.loaded != local.running || local.given_to->home != &local ||
            &exo::base_of(*local.running) != local.given_to)
            violated("Who runs has the slice of the base of its chain, on its home CPU.",
                     "CPU " + std::to_string(i));
    }
}

}  // namespace sim
