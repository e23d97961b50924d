// exokernel/cpu/bound_slices.hpp - which slices a vCPU runs in, and who pays for the time.
#pragma once

#include <cstdint>

#include "exokernel/cpu/cpu_local.hpp"
#include "exokernel/memory/account.hpp"

namespace exo {

/// Most slices of one vCPU, its own included: waking it makes them all ready.
inline constexpr std::uint32_t slices_per_vcpu_max = 16;

/// Whether an account can pay for one more slice of a CPU. Errors: quota_exceeded, limit_reached.
Result<void> check_slice(const Account& payer, const CpuLocal& home);
/// Gives a slice a position on a CPU, paid for by an account. Needs: check_slice().
void attach_slice(Slice& slice, Account& payer, CpuLocal& home);
/// Takes it away. Needs: it is nobody's, or its vCPU ends.
void detach_slice(Slice& slice);

/// Makes a slice one of a vCPU's, ready if the vCPU's own is. Needs: it is nobody's, of the vCPU's
/// home. Errors: limit_reached.
Result<void> bind_slice(Slice& slice, Vcpu& vcpu);
/// Makes it nobody's. Needs: it is no vCPU's own.
void unbind_slice(Slice& slice);

/// Moves a vCPU that nobody runs to another CPU, with its slice and its deadline. Errors: busy (it
/// runs, works in the kernel, or has other slices), ended, quota_exceeded, limit_reached.
Result<void> migrate(Vcpu& vcpu, CpuLocal& home);

/// Shows a slice as it is now to user space.
void show_slice(const Slice& slice);

/// Charges the time since the last of these, and what was counted in it, to the vCPU, to the slice
/// it runs in, and to who pays for that. Who has no time left is told.
void charge_time(CpuLocal& cpu, Vcpu& vcpu, std::uint64_t now_ns);

}  // namespace exo
