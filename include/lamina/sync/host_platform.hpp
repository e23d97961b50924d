// include/lamina/sync/host_platform.hpp - HostPlatform: the locks among threads of a Linux program.
#pragma once

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "lamina/sync/blocking_platform.hpp"

namespace lamina::sync {

/// A slot is a thread. It gets one when it first needs it and gives it back when it ends; at most
/// `slots_max` threads have one at the same time. One without a slot can use spin locks (without a
/// place in their queues), but not locks that block: those end the program with a message.
///
/// A slot that a thread's destructors take after it gave its own back stays taken.
///
/// Signal handlers are what interrupts are elsewhere; they are not masked, and must take no lock.
class HostPlatform {
public:
    template <typename T>
    using Atomic = MachineAtomic<T>;
    struct InterruptState {};

    static constexpr std::uint32_t slots_max = 1024;
    /// With more threads than processors the one waited for may not run: every so many rounds of
    /// waiting the processor is offered to it.
    static constexpr std::uint32_t rounds_per_yield = 256;

    static std::uint32_t slot() {
        const ThreadId thread = this_thread();
        return thread != 0 ? slot_of(thread) : no_slot;
    }
    static std::uint32_t node() {
        unsigned cpu = 0;
        unsigned node = 0;
        return getcpu(&cpu, &node) == 0 ? node : 0;
    }
    static void relax() {
        if (++rounds_ % rounds_per_yield == 0)
            sched_yield();
        else
            __builtin_ia32_pause();
    }
    static std::uint64_t now() {
        timespec time{};
        clock_gettime(CLOCK_MONOTONIC, &time);
        return std::uint64_t(time.tv_sec) * nanoseconds_per_second + std::uint64_t(time.tv_nsec);
    }
    static InterruptState mask_interrupts() { return {}; }
    static void restore_interrupts(InterruptState) {}

    static ThreadId self() {
        const ThreadId thread = this_thread();
        if (thread == 0) [[unlikely]] {
            std::fputs("lamina::sync: more threads at once than HostPlatform::slots_max\n", stderr);
            std::abort();
        }
        return thread;
    }
    /// Linux does not tell whether a thread has a processor, but one that sleeps in `block` has
    /// not.
    static bool runs(ThreadId thread) { return record(thread).asleep.load() == 0; }
    static bool alive(ThreadId thread) { return record(thread).thread.load() == thread; }
    static std::uint32_t priority(ThreadId thread) { return record(thread).priority.load(); }
    static void set_priority(std::uint32_t priority) { record(self()).priority.store(priority); }
    /// Recorded only: changing a thread's scheduling needs a privilege on Linux.
    static void inherit(ThreadId thread, std::uint32_t priority) {
        record(thread).inherited.store(priority);
    }
    static std::uint32_t inherited(ThreadId thread) { return record(thread).inherited.load(); }

    static void block(Atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::uint64_t deadline_ns) {
        const timespec deadline{.tv_sec = time_t(deadline_ns / nanoseconds_per_second),
                                .tv_nsec = long(deadline_ns % nanoseconds_per_second)};
        Record& mine = record(self());
        mine.asleep.store(1);
        // futex(2): with the bit set form the time is absolute, of CLOCK_MONOTONIC.
        syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, expected,
                deadline_ns != no_deadline ? &deadline : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
        mine.asleep.store(0);
    }
    static void wake(Atomic<std::uint32_t>& word) {
        syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }

private:
    static constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

    // All start as 0.
    struct Record {
        std::atomic<std::uint32_t> taken;
        std::atomic<std::uint32_t> generation;
        std::atomic<ThreadId> thread;  // who has the slot, or 0
        std::atomic<std::uint32_t> asleep;
        std::atomic<std::uint32_t> priority;
        std::atomic<std::uint32_t> inherited;
    };
    /// Gives the slot back when its thread ends.
    struct Detach {
        ~Detach() {
            Record& mine = record(thread_);
            thread_ = 0;
            mine.thread.store(0);
            mine.taken.store(0);
        }
    };

    static Record& record(ThreadId thread) { return records_[slot_of(thread)]; }

    /// The calling thread, or 0 if no slot is left.
    static ThreadId this_thread() {
        if (thread_ == 0) [[unlikely]]
            attach();
        return thread_;
    }
    [[gnu::noinline]] static void attach() {
        for (std::uint32_t slot = 0; slot < slots_max; ++slot) {
            Record& candidate = records_[slot];
            if (candidate.taken.load() != 0 || candidate.taken.exchange(1) != 0) continue;
            candidate.asleep.store(0);
            candidate.priority.store(0);
            candidate.inherited.store(0);
            thread_ = make_thread_id(slot, candidate.generation.fetch_add(1));
            candidate.thread.store(thread_);
            static thread_local Detach detach;
            return;
        }
    }

    static inline constinit std::array<Record, slots_max> records_{};
    static inline constinit thread_local ThreadId thread_ = 0;
    static inline constinit thread_local std::uint32_t rounds_ = 0;
};

static_assert(BlockingPlatform<HostPlatform>);

}  // namespace lamina::sync
