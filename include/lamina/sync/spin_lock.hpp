// include/lamina/sync/spin_lock.hpp - SpinLock: a SpinCore with all that locks have, NUMA-aware.
#pragma once

#include <cstdint>

#include "lamina/sync/lock_traits.hpp"
#include "lamina/sync/no_statistics.hpp"
#include "lamina/sync/numa_order.hpp"
#include "lamina/sync/platform.hpp"
#include "lamina/sync/spin_core.hpp"

namespace lamina::sync {

/// The bounds of a SpinLock's fairness.
struct SpinTuning {
    /// As in SpinPatience.
    std::uint32_t polls_before_overtaking = SpinPatience{}.polls_before_overtaking;
    std::uint32_t overtakings_max = SpinPatience{}.overtakings_max;
    /// At most this many waiters of one NUMA node are preferred to one of another.
    std::uint32_t preferred_max = 64;
    /// The search for a waiter of the own NUMA node looks at this many.
    std::uint32_t search_max = 16;
};

template <SpinPlatform Platform, SpinTuning tuning>
using NumaCore = SpinCore<Platform, NumaOrder<Platform, tuning.preferred_max, tuning.search_max>,
                          SpinPatience{tuning.polls_before_overtaking, tuning.overtakings_max}>;

/// A mutual exclusion lock whose waiters spin in a queue: see SpinCore, and NumaOrder for who comes
/// next. This adds deadlines, the masking of interrupts, and statistics.
///
/// Needs: as SpinCore; `lock_masked` masks what could interrupt the caller and take the same lock.
/// Cost: 5 instructions without a wait.
template <SpinPlatform Platform, typename Statistics = NoStatistics, SpinTuning tuning = {}>
class SpinLock : private NumaCore<Platform, tuning> {
    using Core = NumaCore<Platform, tuning>;

public:
    void lock() {
        if (!try_lock()) [[unlikely]]
            wait(no_deadline);
    }
    /// Whether it was taken. False also if it is free, but others wait.
    [[nodiscard]] bool try_lock() {
        if (!Core::try_lock()) return false;
        statistics_.taken_fast();
        return true;
    }
    /// Whether it was taken before the deadline (ns of Platform::now()).
    [[nodiscard]] bool lock_until(std::uint64_t deadline_ns) {
        if (try_lock()) [[likely]]
            return true;
        return wait(deadline_ns);
    }
    [[nodiscard]] bool lock_for(std::uint64_t duration_ns) {
        return lock_until(deadline_after<Platform>(duration_ns));
    }
    void unlock() {
        statistics_.releases();
        Core::unlock();
    }

    /// Masks interrupts, then locks. The result goes to `unlock_masked`.
    [[nodiscard]] typename Platform::InterruptState lock_masked() {
        const auto state = Platform::mask_interrupts();
        lock();
        return state;
    }
    void unlock_masked(typename Platform::InterruptState state) {
        unlock();
        Platform::restore_interrupts(state);
    }

    using Core::is_locked;
    const Statistics& statistics() const { return statistics_; }

private:
    struct Clock {
        std::uint64_t deadline_ns;
        bool passed() const { return sync::passed<Platform>(deadline_ns); }
    };

    [[gnu::noinline]] bool wait(std::uint64_t deadline_ns) {
        const std::uint64_t begun_ns = statistics_.wait_begins();
        const bool taken = Core::wait(Clock{deadline_ns});
        statistics_.wait_ends(begun_ns, taken);
        return taken;
    }

    [[no_unique_address]] Statistics statistics_;
};

template <typename Platform, typename Statistics, SpinTuning tuning>
struct LockTraits<SpinLock<Platform, Statistics, tuning>> : TraitsOf<WaitKind::spins> {};

}  // namespace lamina::sync
