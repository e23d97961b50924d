// exokernel/cpu/dispatch.hpp - the one way out of the kernel: whose turn it is.
#pragma once

#include "exokernel/cpu/cpu_local.hpp"

namespace exo {

/// What dispatch needs of the code above it.
struct DispatchOps {
    /// A bounded part of the kernel's own work for a vCPU that is revoking or ending; true when
    /// that is done, and with an ending vCPU gone.
    bool (*step)(Vcpu& vcpu);
    /// Makes statistics visible; called when another vCPU takes over and before the CPU idles.
    void (*refresh)(Vcpu* vcpu);
};
void set_dispatch_ops(const DispatchOps& ops);

/// The root page table whose kernel half all environments share. Set once at boot.
void set_kernel_root(PhysAddr root);
PhysAddr kernel_root();

/// Forgets a vCPU and its space on a CPU that has it loaded, without saving it. Needs: this CPU.
void unload(CpuLocal& cpu, Vcpu& vcpu);

/// A vCPU's wait for a reply has a deadline: the timer of its chain's CPU is set.
void set_deadline(Vcpu& vcpu, std::uint64_t deadline_ns);

/// Gives up the rest of the slice.
void yield_slice();

/// Picks the vCPU to run, loads it, and returns the context to go on with. Takes down ending
/// environments in their slices and halts while nobody is ready. Needs: the running vCPU's
/// registers are saved in its context; the kernel lock, which it gives back.
extern "C" Context* exo_dispatch();

}  // namespace exo
