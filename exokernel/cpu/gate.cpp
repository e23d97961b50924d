// exokernel/cpu/gate.cpp - how vCPUs become activations, and stop to be.
#include "exokernel/cpu/gate.hpp"

#include "exokernel/core/panic.hpp"

namespace exo {

void forget_deadline(Vcpu& caller) { caller.deadline.cancel(); }

void Gate::attach(Vcpu& vcpu, std::uint64_t stack) {
    LAMINA_ASSERT(vcpu.state == VcpuState::created);
    ++references;
    vcpu.gate = this;
    vcpu.context.start_rip = entry;
    vcpu.context.start_rsp = stack;
    vcpu.state = VcpuState::parked;
    vcpu.next_free = std::exchange(free, &vcpu);
}

bool Gate::detach(Vcpu& vcpu) {
    if (vcpu.caller != nullptr) (void)end_wait(*vcpu.caller, Status::ended);
    Gate& gate = *std::exchange(vcpu.gate, nullptr);
    gate.ended = true;
    gate.free = nullptr;  // they all end now
    return --gate.references == 0;
}

}  // namespace exo
