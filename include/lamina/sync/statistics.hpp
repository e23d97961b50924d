// include/lamina/sync/statistics.hpp - CountingStatistics: what a lock counts.
#pragma once

#include <atomic>
#include <cstdint>

#include "lamina/sync/platform.hpp"

namespace lamina::sync {

/// The counters of one lock. Times are nanoseconds.
struct LockStatistics {
    std::uint64_t fast = 0;             ///< taken by the first atomic instruction
    std::uint64_t slow = 0;             ///< taken otherwise
    std::uint64_t contended = 0;        ///< waits begun, also those that ended without the lock
    std::uint64_t timed_out = 0;        ///< waits ended by their deadline
    std::uint64_t handoffs_local = 0;   ///< taken after a wait, from a holder on the same NUMA node
    std::uint64_t handoffs_remote = 0;  ///< taken after a wait, from a holder on another node
    std::uint64_t spin_ns = 0;          ///< waited in all, asleep or not
    std::uint64_t spin_ns_max = 0;      ///< the longest wait
    std::uint64_t hold_ns = 0;          ///< held in all; shared holders of an RwLock are not timed
    std::uint64_t hold_ns_max = 0;      ///< the longest hold
    std::uint64_t queue_depth = 0;      ///< waiting at this moment
    std::uint64_t queue_depth_max = 0;  ///< the most that ever waited at once
    std::uint64_t blocked = 0;          ///< times a waiter went to sleep
    std::uint64_t inherited = 0;        ///< times a waiter lent its priority to a holder
};

/// Counts all of LockStatistics. Costs two readings of the clock for each hold, and for each wait
/// two more.
///
/// What only the holder changes is loaded and stored, what anybody changes is added atomically; a
/// reader takes no lock, and gets values of about the same moment, each of which was true.
template <SpinPlatform Platform>
class CountingStatistics {
public:
    static constexpr bool enabled = true;

    /// By the holder: the lock was taken at once.
    void taken_fast() {
        bump(fast_);
        begin_hold();
    }
    /// The same for a shared holder, of which there may be several.
    void taken_shared_fast() { add(fast_); }

    /// By anybody: a wait begins. The result goes to `wait_ends`.
    std::uint64_t wait_begins() {
        add(contended_);
        raise(queue_depth_max_, queue_depth_.fetch_add(1, std::memory_order_relaxed) + 1);
        return Platform::now();
    }
    /// By the holder if `taken`, else by who gave up.
    void wait_ends(std::uint64_t begun_ns, bool taken) {
        end_wait(begun_ns, taken);
        if (!taken) return;
        const std::uint32_t node = Platform::node();
        bump(last_node_.load(std::memory_order_relaxed) == node ? handoffs_local_
                                                                : handoffs_remote_);
        begin_hold();
    }
    /// The same for a shared holder. Whom it took over from is not known.
    void wait_ends_shared(std::uint64_t begun_ns, bool taken) { end_wait(begun_ns, taken); }

    /// By the holder, before it lets go.
    void releases() {
        const std::uint64_t held = Platform::now() - taken_at_ns_.load(std::memory_order_relaxed);
        bump(hold_ns_, held);
        if (held > hold_ns_max_.load(std::memory_order_relaxed))
            hold_ns_max_.store(held, std::memory_order_relaxed);
    }

    /// By a waiter: it goes to sleep; it lends its priority.
    void blocks() { add(blocked_); }
    void lends() { add(inherited_); }

    LockStatistics read() const {
        const auto value = [](const Counter& counter) {
            return counter.load(std::memory_order_relaxed);
        };
        return {.fast = value(fast_),
                .slow = value(slow_),
                .contended = value(contended_),
                .timed_out = value(timed_out_),
                .handoffs_local = value(handoffs_local_),
                .handoffs_remote = value(handoffs_remote_),
                .spin_ns = value(spin_ns_),
                .spin_ns_max = value(spin_ns_max_),
                .hold_ns = value(hold_ns_),
                .hold_ns_max = value(hold_ns_max_),
                .queue_depth = value(queue_depth_),
                .queue_depth_max = value(queue_depth_max_),
                .blocked = value(blocked_),
                .inherited = value(inherited_)};
    }

private:
    // Not the platform's: counters take no part in an algorithm, so nobody needs to watch them.
    using Counter = std::atomic<std::uint64_t>;

    /// By the holder only, which excludes others.
    static void bump(Counter& counter, std::uint64_t by = 1) {
        counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }
    static void add(Counter& counter, std::uint64_t by = 1) {
        counter.fetch_add(by, std::memory_order_relaxed);
    }
    static void raise(Counter& counter, std::uint64_t to) {
        std::uint64_t seen = counter.load(std::memory_order_relaxed);
        while (seen < to && !counter.compare_exchange_weak(seen, to, std::memory_order_relaxed)) {
        }
    }
    void begin_hold() {
        last_node_.store(Platform::node(), std::memory_order_relaxed);
        taken_at_ns_.store(Platform::now(), std::memory_order_relaxed);
    }
    void end_wait(std::uint64_t begun_ns, bool taken) {
        const std::uint64_t waited = Platform::now() - begun_ns;
        queue_depth_.fetch_sub(1, std::memory_order_relaxed);
        add(spin_ns_, waited);
        raise(spin_ns_max_, waited);
        add(taken ? slow_ : timed_out_);
    }

    Counter fast_{0}, slow_{0}, contended_{0}, timed_out_{0};
    Counter handoffs_local_{0}, handoffs_remote_{0};
    Counter spin_ns_{0}, spin_ns_max_{0}, hold_ns_{0}, hold_ns_max_{0};
    Counter queue_depth_{0}, queue_depth_max_{0};
    Counter blocked_{0}, inherited_{0};
    Counter taken_at_ns_{0}, last_node_{0};
};

}  // namespace lamina::sync
