// exokernel/cpu/upcall.hpp - upcalls: how a preempted vCPU goes on at an entry of its environment.
#pragma once

#include "exokernel/cpu/cpu_local.hpp"

namespace exo {

/// Copies a vCPU's area and entries to where entry.S looks. Needs: no other CPU has it loaded.
void show_upcalls(Vcpu& vcpu);

/// The vCPU's area or entries are others now: the CPU that has it loaded is told.
void reload_upcalls(Vcpu& vcpu);

/// Binds a page of the vCPU's environment as its area: holds the frame, and is derived from the
/// capability that `page` was mapped by, until unbound. reload_upcalls() must follow.
void bind_area(Vcpu& vcpu, lamina::VcpuArea* alias, FrameNumber frame, Link& page);
/// Lets go of a vCPU's area, forgets its entries, and no notification tells it any more. The CPU
/// that has it loaded must be told before the kernel lock is given back, by reload_upcalls() or a
/// shoot-down.
void unbind_area(Vcpu& vcpu);

/// After an interrupt: a context inside the resume range goes back to the start of it.
void restart_resume_range(Vcpu& vcpu);

/// The slice is over and the vCPU may say goodbye: makes it go on at its slice_end entry. False if
/// it has none or is disabled (then it finds `pending` set).
bool upcall_slice_end(Vcpu& vcpu);

/// An upcall, by its bit of VcpuArea::pending, comes as soon as the vCPU runs: whoever has it
/// loaded is interrupted, and this CPU dispatches on the way out.
void make_upcall_due(Vcpu& vcpu, std::uint64_t pending);

/// Memory is asked for, the vCPU's timer has come, or it is told of bits: it will go on at its
/// entry for that, or finds `pending` set. Needs: upcalls_due is not 0; it will be.
void upcalls_due(Vcpu& vcpu);

/// The vCPU loses the CPU: if it was enabled, its context goes to its area, and it will go on at
/// its run entry. If not, it will be resumed exactly.
void upcall_preempted(Vcpu& vcpu);

}  // namespace exo
