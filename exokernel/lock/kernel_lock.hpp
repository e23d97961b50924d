// exokernel/lock/kernel_lock.hpp - KernelLock: the one lock around the kernel's shared state.
#pragma once

#include <atomic>
#include <cstdint>

#include "arch/machine.hpp"

namespace exo {

/// Everything but what belongs to one CPU or to the vCPU it runs is guarded by this lock:
/// capability tables, frames, accounts, address spaces, slices, notifications, the console. It is
/// taken on the way in (system calls other than `null`, exceptions the kernel handles, interrupts)
/// and given back on the way out or before the CPU halts. Test and test-and-set: with more virtual
/// CPUs than real ones a queue would wait for one that is not running.
class KernelLock {
public:
    /// Spins until the lock is free. `poll` is called while spinning, so that a CPU that waits here
    /// still answers those that wait for it.
    void lock(void (*poll)()) {
        arch::lock_point(arch::LockPoint::before, this);
        while (locked_.exchange(1, std::memory_order_acquire) != 0) [[unlikely]]
            wait(poll);
        arch::lock_point(arch::LockPoint::taken, this);
    }
    void unlock() {
        locked_.store(0, std::memory_order_release);
        arch::lock_point(arch::LockPoint::given_back, this);
    }

private:
    [[gnu::noinline]] void wait(void (*poll)()) {
        while (locked_.load(std::memory_order_relaxed) != 0) {
            arch::relax();
            poll();
        }
    }

    std::atomic<std::uint32_t> locked_{0};
};

}  // namespace exo
