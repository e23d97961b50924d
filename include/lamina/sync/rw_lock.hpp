// include/lamina/sync/rw_lock.hpp - RwLock: one writer or several readers, who spin in turn.
#pragma once

#include <cstdint>

#include "lamina/sync/lock_traits.hpp"
#include "lamina/sync/no_statistics.hpp"
#include "lamina/sync/platform.hpp"
#include "lamina/sync/spin_lock.hpp"

namespace lamina::sync {

/// A reader-writer spin lock (after Linux's queued one). Its word, from the lowest bit: a byte that
/// says a writer holds it, a bit that says one waits, and the number of readers, of which some may
/// be about to take their count back because a writer is there.
///
/// Who cannot have it at once waits in the queue of a SpinLock, readers and writers alike, and the
/// first of them for the holders to go. So nobody starves, and what SpinLock says of NUMA nodes and
/// of more CPUs than real ones holds here. A reader must not take it again: between its two holds a
/// writer may have queued.
///
/// Needs: as SpinLock. Cost: 5 instructions for writer or reader without a wait; a reader's release
/// is an atomic subtraction.
template <SpinPlatform Platform, typename Statistics = NoStatistics, SpinTuning tuning = {}>
class RwLock {
public:
    constexpr RwLock() = default;
    RwLock(const RwLock&) = delete;
    RwLock& operator=(const RwLock&) = delete;

    void lock() {
        if (!take_at_once()) [[unlikely]]
            wait(no_deadline);
    }
    [[nodiscard]] bool try_lock() { return take_at_once(); }
    [[nodiscard]] bool lock_until(std::uint64_t deadline_ns) {
        if (take_at_once()) [[likely]]
            return true;
        return wait(deadline_ns);
    }
    [[nodiscard]] bool lock_for(std::uint64_t duration_ns) {
        return lock_until(deadline_after<Platform>(duration_ns));
    }
    void unlock() {
        statistics_.releases();
        word_.store_low_byte(0);
    }

    void lock_shared() {
        if (!share_at_once()) [[unlikely]]
            wait_shared(no_deadline);
    }
    [[nodiscard]] bool try_lock_shared() {
        // A look first, not to disturb the writer with a count that goes away again.
        return (word_.load(std::memory_order_relaxed) & no_sharing) == 0 && share_at_once();
    }
    [[nodiscard]] bool lock_shared_until(std::uint64_t deadline_ns) {
        if (share_at_once()) [[likely]]
            return true;
        return wait_shared(deadline_ns);
    }
    [[nodiscard]] bool lock_shared_for(std::uint64_t duration_ns) {
        return lock_shared_until(deadline_after<Platform>(duration_ns));
    }
    void unlock_shared() { word_.fetch_sub(one_reader, std::memory_order_release); }

    const Statistics& statistics() const { return statistics_; }

private:
    static constexpr std::uint32_t writer = 1;
    static constexpr std::uint32_t writer_byte = 0xff;
    static constexpr std::uint32_t writer_waits = 0x100;
    static constexpr std::uint32_t no_sharing = writer_byte | writer_waits;
    static constexpr std::uint32_t one_reader = 0x200;

    bool take(std::uint32_t from) {
        return word_.compare_exchange_strong(from, writer, std::memory_order_acquire,
                                             std::memory_order_relaxed);
    }
    bool take_at_once() {
        if (!take(0)) return false;
        statistics_.taken_fast();
        return true;
    }
    bool share_at_once() {
        if ((word_.fetch_add(one_reader, std::memory_order_acquire) & no_sharing) != 0) {
            word_.fetch_sub(one_reader, std::memory_order_relaxed);
            return false;
        }
        statistics_.taken_shared_fast();
        return true;
    }

    [[gnu::noinline]] bool wait(std::uint64_t deadline_ns) {
        const std::uint64_t begun_ns = statistics_.wait_begins();
        bool taken = false;
        if (queue_.lock_until(deadline_ns)) {
            taken = wait_as_first(deadline_ns);
            queue_.unlock();
        }
        statistics_.wait_ends(begun_ns, taken);
        return taken;
    }

    /// As the holder of the queue: keeps new readers out and waits for those inside.
    bool wait_as_first(std::uint64_t deadline_ns) {
        word_.fetch_or(writer_waits, std::memory_order_relaxed);
        while (word_.load(std::memory_order_relaxed) != writer_waits || !take(writer_waits)) {
            if (passed<Platform>(deadline_ns)) {
                word_.fetch_and(~writer_waits, std::memory_order_relaxed);
                return false;
            }
            Platform::relax();
        }
        return true;
    }

    [[gnu::noinline]] bool wait_shared(std::uint64_t deadline_ns) {
        const std::uint64_t begun_ns = statistics_.wait_begins();
        bool taken = false;
        if (queue_.lock_until(deadline_ns)) {
            taken = share_as_first(deadline_ns);
            queue_.unlock();
        }
        statistics_.wait_ends_shared(begun_ns, taken);
        return taken;
    }

    /// As the holder of the queue, where no writer can wait: a writer that came at once may be
    /// inside, and after it none can come while this reader is counted.
    bool share_as_first(std::uint64_t deadline_ns) {
        word_.fetch_add(one_reader, std::memory_order_acquire);
        while ((word_.load(std::memory_order_acquire) & writer_byte) != 0) {
            if (passed<Platform>(deadline_ns)) {
                word_.fetch_sub(one_reader, std::memory_order_relaxed);
                return false;
            }
            Platform::relax();
        }
        return true;
    }

    typename Platform::template Atomic<std::uint32_t> word_{0};
    SpinLock<Platform, NoStatistics, tuning> queue_;
    [[no_unique_address]] Statistics statistics_;
};

template <typename Platform, typename Statistics, SpinTuning tuning>
struct LockTraits<RwLock<Platform, Statistics, tuning>>
    : TraitsOf<WaitKind::spins, false, Access::shared> {};

}  // namespace lamina::sync
