// exokernel/lock/kernel_platform.hpp - KernelPlatform: the lock library inside the kernel.
#pragma once

#include <cstdint>

#include "arch/machine.hpp"
#include "exokernel/core/types.hpp"
#include "lamina/sync/core_platform.hpp"
#include "lamina/sync/lock_stack.hpp"
#include "lamina/sync/order_report.hpp"

namespace exo {

/// A slot is a CPU. The kernel is not preemptible and runs with interrupts masked, so nothing
/// interrupts one that holds a lock but an NMI, which takes none. There is nobody to sleep: the
/// library's blocking locks do not compile with it.
struct KernelPlatform {
    template <typename T>
    using Atomic = lamina::sync::MachineAtomic<T>;
    using Stack = lamina::sync::LockStack<32>;

    static constexpr std::uint32_t slots_max = cpus_max;

    static std::uint32_t slot() { return arch::cpu_index(); }
    /// The locks this CPU holds.
    static Stack& held();
    /// One round of a wait: answers what other CPUs ask of this one, and lets them go on.
    static void relax();

    static void report(const lamina::sync::OrderReport& report);
    [[noreturn]] static void panic(const lamina::sync::OrderReport& report);
};

}  // namespace exo
