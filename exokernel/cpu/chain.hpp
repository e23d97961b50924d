// exokernel/cpu/chain.hpp - chains: a vCPU, whom it calls through a gate, whom that calls, and so
// on.
//
//     base <-- caller -- vCPU <-- caller -- tip        callee points the other way
//
// The tip is the only one that can run; those before it are `calling`. It runs in the slices of the
// base, on the base's home CPU: they are ready while the tip can run, and the slices of the others
// never are. A vCPU that calls nobody and is called by nobody is a chain of its own.
#pragma once

#include "exokernel/cpu/vcpu.hpp"

namespace exo {

/// Most calls within one another: what bounds every walk along a chain.
inline constexpr std::uint32_t chain_calls_max = 16;

/// Whose slices a vCPU runs in.
inline Vcpu& base_of(Vcpu& vcpu) {
    Vcpu* at = &vcpu;
    while (at->caller != nullptr)
        at = at->caller;
    return *at;
}

/// Who runs in a vCPU's slices.
inline Vcpu& tip_of(Vcpu& vcpu) {
    Vcpu* at = &vcpu;
    while (at->callee != nullptr)
        at = at->callee;
    return *at;
}

/// Whether a vCPU may call one more.
bool chain_has_place(const Vcpu& caller);

/// Ends what a vCPU waits for, a notification, a predicate or the reply of a gate: its call returns
/// `status`. Whom it called goes on in a slice of its own, and its reply will be void. False: it
/// does not wait.
bool end_wait(Vcpu& vcpu, lamina::Status status);

}  // namespace exo
