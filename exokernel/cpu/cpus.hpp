// exokernel/cpu/cpus.hpp - all CPUs the kernel runs on: the kernel lock, wake-ups, shoot-downs.
#pragma once

#include <cstdint>
#include <span>

#include "exokernel/cpu/cpu_local.hpp"
#include "exokernel/lock/kernel_lock.hpp"

namespace exo {

inline constexpr std::uint32_t cpus_max = 64;

/// The CPUs that run, by index. They only grow, at boot.
std::span<CpuLocal* const> cpus();
void add_cpu(CpuLocal& cpu);
void remove_last_cpu();

/// A vCPU has become ready or has to stop: its CPU looks at its slices soon.
void notify_cpu_of(const Vcpu& vcpu);
/// A vCPU may run from its next position on; its CPU is told.
void make_ready(Vcpu& vcpu);

/// Page-table entries of a vCPU's space have changed: returns when no CPU uses the old ones. Needs:
/// the kernel lock. It is safe to wait with it: a CPU answers in user mode by its interrupt, while
/// it spins for the lock by polling, and everywhere else it reaches one of the two in bounded time
/// without the lock.
void shoot_down(const Vcpu& vcpu);

/// Answers the shoot-downs asked of this CPU. Needs nothing.
void answer_shoot_downs();

extern KernelLock kernel_lock;

/// Takes the kernel lock for this CPU, unless it has it already.
inline void lock_kernel() {
    CpuLocal& cpu = this_cpu();
    if (cpu.holds_kernel_lock) return;
    kernel_lock.lock(answer_shoot_downs);
    cpu.holds_kernel_lock = true;
}

/// Gives it back.
inline void unlock_kernel() {
    this_cpu().holds_kernel_lock = false;
    kernel_lock.unlock();
}

}  // namespace exo
