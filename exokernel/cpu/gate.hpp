// exokernel/cpu/gate.hpp - Gate: an entry point of an environment that others call.
#pragma once

#include <cstdint>
#include <utility>

#include "arch/machine.hpp"
#include "exokernel/cpu/chain.hpp"

namespace exo {

/// Takes the deadline of a call away.
LAMINA_KEEPS_REGISTERS void forget_deadline(Vcpu& caller);

/// Its activations are vCPUs of its environment, each of which serves a call at a time. A free one
/// is `parked`, in the list of the gate; one that serves a call is the next of its caller in a
/// chain (chain.hpp), until it replies or the call ends otherwise, and goes on alone after that
/// until it is parked again. Each activation and each capability count one reference.
struct Gate : Object {
    std::uint64_t env_id;  ///< Whose it is.
    std::uint64_t entry;   ///< Where its activations start.
    Vcpu* free;            ///< By Vcpu::next_free.
    bool ended;            ///< Its environment did.

    /// Makes a vCPU that was never started an activation; its calls start with this stack pointer.
    void attach(Vcpu& vcpu, std::uint64_t stack);

    /// Calls a free activation, which is to run next in the caller's place. The call is derived
    /// from `by`, as a wait is. Needs: one is free, the caller runs and is ready, its chain has a
    /// place left.
    [[gnu::always_inline]] Vcpu& call(Vcpu& caller, CapSlot& by) {
        Vcpu& callee = *free;
        free = callee.next_free;
        callee.state = VcpuState::ready;
        callee.caller = &caller;
        if (callee.area != nullptr) [[unlikely]]
            callee.area->disabled = 1;
        caller.callee = &callee;
        caller.state = VcpuState::calling;
        caller.wait_link.join(by.children);
        return callee;
    }

    /// Parks an activation: no register of it, nor its extended state, is loaded again. Who called
    /// it, and goes on now; null: nobody waits.
    [[gnu::always_inline]] Vcpu* reply(Vcpu& vcpu) {
        vcpu.state = VcpuState::parked;
        vcpu.next_free = std::exchange(free, &vcpu);
        Vcpu* const caller = vcpu.caller;
        if (caller == nullptr) [[unlikely]]
            return nullptr;
        vcpu.caller = nullptr;
        caller->callee = nullptr;
        caller->wait_link.leave();
        if (caller->deadline.queue != nullptr) [[unlikely]]
            forget_deadline(*caller);
        caller->state = VcpuState::ready;
        return caller;
    }

    /// An activation's environment ends: whom it serves is told, and it is one no more. The gate
    /// may be without references then; true if it is.
    static bool detach(Vcpu& vcpu);
};

}  // namespace exo
