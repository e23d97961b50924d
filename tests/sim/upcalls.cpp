// tests/sim/upcalls.cpp - comparing where vCPUs are before and after a step, and what the entries
// see of them with what they are bound to.
#include "tests/sim/upcalls.hpp"

#include <algorithm>
#include <string>

#include "tests/sim/call_shapes.hpp"
#include "tests/sim/violation.hpp"

namespace sim {
namespace {

/// Calls after which `disabled` may be another than before the step, in which an upcall follows:
/// they write to memory of their caller, or enable it.
bool writes_memory(const CallInProgress& call) {
    if (call.caller == 0 || call.number >= lamina::call_count) return false;
    const auto number = lamina::Call(call.number);
    if (number == lamina::Call::vcpu_resume || number == lamina::Call::console_read) return true;
    const CallShape& shape = call_shapes()[call.number];
    return std::ranges::any_of(
        shape.arguments, [](const ArgumentShape& one) { return one.kind.starts_with("out_"); });
}

std::string name_of(const exo::Vcpu& vcpu) {
    return "vCPU in frame " + std::to_string(exo::FrameTable::frame_at(&vcpu).value);
}

}  // namespace

void UpcallHistory::note(const KernelView& view) {
    seen_.clear();
    for (const exo::Vcpu* const vcpu : view.vcpus()) {
        if (vcpu->area == nullptr) continue;
        seen_.push_back({vcpu, vcpu->area, vcpu->context.rip, vcpu->area->disabled != 0});
    }
}

void UpcallHistory::check(const KernelView& view, const Cpu& actor) const {
    for (const Seen& before : seen_) {
        if (std::ranges::find(view.vcpus(), before.vcpu) == view.vcpus().end()) continue;
        const exo::Vcpu& vcpu = *before.vcpu;
        if (vcpu.area != before.area || vcpu.context.rip == before.rip) continue;
        if (!is_upcall_entry(vcpu.context.rip) || writes_memory(actor.call)) continue;
        ++count_;
        if (!before.disabled) continue;
        // The kernel writes one area in a step and then looks at the other, if they overlap.
        const auto shares = [&](const Seen& other) {
            return other.vcpu != before.vcpu && exo::FrameTable::frame_at(other.area).value ==
                                                    exo::FrameTable::frame_at(before.area).value;
        };
        if (std::ranges::any_of(seen_, shares)) continue;
        violated("A vCPU that is disabled gets no upcall.", name_of(vcpu));
    }
}

void check_bound(const KernelView& view) {
    for (const exo::Vcpu* const vcpu : view.vcpus()) {
        const exo::UpcallWords& seen = vcpu->context.upcalls;
        const lamina::VcpuEntries& bound = vcpu->entries;
        if (seen.area != vcpu->area || seen.trap != bound.trap || seen.foreign != bound.foreign ||
            seen.stack != bound.stack)
            violated("Upcalls go where their vCPU is bound.", name_of(*vcpu));
    }
}

}  // namespace sim
