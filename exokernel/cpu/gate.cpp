// exokernel/cpu/gate.cpp - calling and replying.
#include "exokernel/cpu/gate.hpp"

#include <utility>

#include "arch/machine.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/dispatch.hpp"

namespace exo {
namespace {

/// Makes an activation a free one, which keeps nothing of what it held in registers.
void park(Vcpu& vcpu) {
    vcpu.state = VcpuState::parked;
    vcpu.next_free = std::exchange(vcpu.gate->free, &vcpu);
    arch::init_extended(vcpu.extended_state);
}

}  // namespace

bool chain_has_place(const Vcpu& caller) {
    std::uint32_t calls = 0;
    for (const Vcpu* at = caller.caller; at != nullptr; at = at->caller)
        ++calls;
    return calls < chain_calls_max;
}

void Gate::attach(Vcpu& vcpu, std::uint64_t stack) {
    LAMINA_ASSERT(vcpu.state == VcpuState::created);
    ++references;
    vcpu.gate = this;
    vcpu.gate_stack = stack;
    park(vcpu);
}

void Gate::call(Vcpu& caller, CapSlot& by, std::uint64_t deadline_ns, const GateWords& words) {
    Vcpu& callee = *free;
    free = callee.next_free;
    callee.state = VcpuState::ready;
    callee.caller = &caller;
    Context& context = callee.context;
    context = {};
    context.rdi = by.badge();
    context.rdx = words[0];
    context.r10 = words[1];
    context.r8 = words[2];
    context.r9 = words[3];
    context.rip = entry;
    context.rsp = callee.gate_stack;
    context.rflags = USER_RFLAGS;
    if (callee.area != nullptr) callee.area->disabled = 1;
    caller.callee = &callee;
    caller.state = VcpuState::calling;
    caller.wait_link.join(by.children);
    if (deadline_ns != lamina::wait_forever) [[unlikely]]
        set_deadline(caller, deadline_ns);
    go_on_with(callee, DISPATCH_PASS);
}

void Gate::reply(Vcpu& vcpu, const GateWords& words) {
    park(vcpu);
    if (vcpu.caller == nullptr) [[unlikely]] {
        unload(this_cpu(), vcpu);
        make_waiting(vcpu, lamina::wait_forever);
        this_cpu().must_dispatch = 1;
        return;
    }
    Vcpu& caller = *std::exchange(vcpu.caller, nullptr);
    caller.callee = nullptr;
    caller.wait_link.leave();
    if (caller.deadline.queue != nullptr) [[unlikely]]
        caller.deadline.cancel();
    caller.state = VcpuState::ready;
    caller.set_result(Status::ok, words[0]);
    caller.context.r10 = words[1];
    caller.context.r8 = words[2];
    caller.context.r9 = words[3];
    go_on_with(caller, DISPATCH_PASS);
}

bool Gate::detach(Vcpu& vcpu) {
    if (vcpu.caller != nullptr) (void)end_wait(*vcpu.caller, Status::ended);
    Gate& gate = *std::exchange(vcpu.gate, nullptr);
    gate.ended = true;
    gate.free = nullptr;  // they all end now
    return --gate.references == 0;
}

}  // namespace exo
