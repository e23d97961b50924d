// tests/sim/turns.cpp - looking at slices, at who waits for what, and at timers.
#include "tests/sim/turns.hpp"

#include <algorithm>
#include <string>

#include "tests/sim/violation.hpp"

namespace sim {
namespace {

using exo::Vcpu;
using exo::VcpuState;

std::string name_of(const Vcpu& vcpu) {
    return "vCPU in frame " + std::to_string(exo::FrameTable::frame_at(&vcpu).value);
}

/// Whether the slices of a vCPU are to have their turns: whoever is at the end of its chain has a
/// use for them.
bool wants_turns(Vcpu& vcpu) {
    if (vcpu.caller != nullptr) return false;
    const Vcpu& tip = exo::tip_of(vcpu);
    // The first one ends last.
    const bool waits_for_others =
        tip.state == VcpuState::ending && &tip == tip.env->vcpu && tip.next != nullptr;
    return exo::can_run(tip) && !waits_for_others;
}

void check_slices_of(Vcpu& vcpu) {
    if (vcpu.slice.vector == nullptr) return;
    const bool wants = wants_turns(vcpu);
    for (const exo::Slice* slice = &vcpu.slice; slice != nullptr; slice = slice->next)
        if (slice->vector->wanted(*slice) != wants)
            violated(wants ? "Who could run has its turns."
                           : "Who calls, waits or is called has no turns.",
                     name_of(vcpu));
}

void check_wait(const Vcpu& vcpu) {
    const exo::Notification* const from = vcpu.waits_for;
    if ((vcpu.state == VcpuState::waiting) != (from != nullptr) ||
        (from != nullptr && from->waiter != &vcpu))
        violated("Who waits for a notification is known to it.", name_of(vcpu));
    if (from != nullptr && (from->bits & vcpu.wait_mask) != 0)
        violated("Nobody waits for bits that are set.", name_of(vcpu));
}

void check_told(const Vcpu& vcpu) {
    const exo::Notification* const of = vcpu.told_of;
    const bool due = (vcpu.upcalls_due & lamina::pending_notification) != 0;
    if (of != nullptr ? of->told != &vcpu || vcpu.area == nullptr : due)
        violated("Who is told of a notification's bits is known to it, and has an area.",
                 name_of(vcpu));
}

/// A CPU that no interrupt is on its way to, in user mode or halted.
void check_cpu(const Cpu& cpu) {
    const exo::CpuLocal& local = cpu.local;
    std::uint64_t due_ns = local.deadlines.nearest();
    if (!cpu.halted) {
        due_ns = std::min(due_ns, local.stop_ns);
        if (local.running->state != VcpuState::ready)
            violated("Who runs is ready to.", "CPU " + std::to_string(cpu.index));
        if (local.running->upcalls_due != 0)
            violated("An upcall that is due does not wait while its vCPU runs.",
                     "CPU " + std::to_string(cpu.index));
    }
    if (due_ns != lamina::wait_forever && (cpu.timer_ns == 0 || cpu.timer_ns > due_ns))
        violated("A CPU's timer is set for the end of the slice and for the next deadline.",
                 "CPU " + std::to_string(cpu.index) + ", set for " + std::to_string(cpu.timer_ns) +
                     ", due at " + std::to_string(due_ns));
}

}  // namespace

void check_turns(const KernelView& view, Machine& machine) {
    for (Vcpu* const vcpu : view.vcpus()) {
        check_slices_of(*vcpu);
        check_wait(*vcpu);
        check_told(*vcpu);
    }
    for (unsigned i = 0; i < cpu_count; ++i) {
        const Cpu& cpu = machine.cpu(i);
        if ((cpu.in_kernel && !cpu.halted) || machine.interrupt_waits(cpu)) continue;
        check_cpu(cpu);
    }
}

}  // namespace sim
