// apps/bench/cpu_platform.hpp - the lock library's platform in this app: environments, a CPU each.
#pragma once

#include <cstdint>

#include "lamina/sync/blocking_platform.hpp"
#include "libos/clock/clock.hpp"
#include "libos/sys/calls.hpp"

namespace bench {

/// A slot is an environment with its one vCPU. It takes no upcalls while it uses locks, so nothing
/// comes between two of its steps but the end of its slice, which waiters sit out spinning.
class CpuPlatform {
public:
    template <typename T>
    using Atomic = lamina::sync::MachineAtomic<T>;
    struct InterruptState {};

    static constexpr std::uint32_t slots_max = 32;

    static std::uint32_t slot() { return slot_; }
    static void set_slot(std::uint32_t slot) { slot_ = slot; }
    static std::uint32_t node() { return 0; }
    static void relax() { asm volatile("pause"); }
    static std::uint64_t now() { return libos::now_ns().value_or(0); }
    static InterruptState mask_interrupts() { return {}; }
    static void restore_interrupts(InterruptState) {}

private:
    static inline constinit std::uint32_t slot_ = 0;
};

/// The same with one thread, for locks whose waiters sleep. Only what has no other to wait for
/// may use it: here a lock is never waited for, its cost without a wait is measured.
class ThreadPlatform : public CpuPlatform {
public:
    using ThreadId = lamina::sync::ThreadId;

    static ThreadId self() { return self_; }
    static bool runs(ThreadId) { return true; }
    static bool alive(ThreadId thread) { return thread == self_; }
    static std::uint32_t priority(ThreadId) { return 0; }
    static void inherit(ThreadId, std::uint32_t) {}
    /// The vCPU's time is given away, and the word looked at again.
    static void block(Atomic<std::uint32_t>&, std::uint32_t, std::uint64_t) {
        (void)libos::sys::vcpu_yield();
    }
    static void wake(Atomic<std::uint32_t>&) {}

private:
    static inline constinit ThreadId self_ = lamina::sync::make_thread_id(0, 0);
};

static_assert(lamina::sync::SpinPlatform<CpuPlatform>);
static_assert(lamina::sync::BlockingPlatform<ThreadPlatform>);

}  // namespace bench
