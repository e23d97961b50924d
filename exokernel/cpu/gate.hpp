// exokernel/cpu/gate.hpp - Gate: an entry point of an environment that others call.
#pragma once

#include <array>
#include <cstdint>

#include "exokernel/cpu/chain.hpp"

namespace exo {

/// What a call, and its reply, takes along beside two registers that entry.S leaves alone.
using GateWords = std::array<std::uint64_t, 4>;

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

    /// Calls a free activation: it runs next, in the caller's place. The call is derived from `by`,
    /// as a wait is. Needs: one is free, the caller runs and is ready, its chain has a place left.
    void call(Vcpu& caller, CapSlot& by, std::uint64_t deadline_ns, const GateWords& words);

    /// Parks an activation. Its caller, if it still has one, goes on with these words.
    static void reply(Vcpu& vcpu, const GateWords& words);

    /// An activation's environment ends: whom it serves is told, and it is one no more. The gate
    /// may be without references then; true if it is.
    static bool detach(Vcpu& vcpu);
};

/// Whether a vCPU may call one more.
bool chain_has_place(const Vcpu& caller);

}  // namespace exo
