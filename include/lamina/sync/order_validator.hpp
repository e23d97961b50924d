// include/lamina/sync/order_validator.hpp - OrderValidator: checks every acquisition, at run time.
#pragma once

#include <atomic>
#include <cstdint>

#include "lamina/sync/order_rules.hpp"

namespace lamina::sync {

/// Follows which locks each CPU or thread holds, learns from that which class is taken while which
/// other is held, and reports what can deadlock before anyone waits for it. What that is `Rules`
/// says: RankRules or AllRules.
///
/// An acquisition gets one report of order at most: that of the innermost held lock that stands
/// against it. Re-acquisition is looked at first, and nothing else then; after it wait kind, order,
/// interrupts, overflow. In mode panic nothing follows the first report.
///
/// The mode can be changed while locks are held. Each time it leaves `off` an epoch begins; what
/// was taken in an older epoch is not followed, and its release is not complained of.
///
/// A lock is on the held stack from before its holder waits for it. For a queued lock that is
/// exact: whoever waits in the queue has others wait behind it.
///
/// Memory: a few hundred bytes for each CPU or thread.
template <typename Rules>
class OrderValidator {
public:
    using Platform = typename Rules::Platform;
    using Stack = typename Rules::Stack;

    /// Arguments behind the mode: those of the rules.
    constexpr explicit OrderValidator(Mode mode, auto... arguments)
        : rules_(arguments...), setting_(OrderSetting::of(mode, OrderSetting::first_epoch).word) {}
    OrderValidator(const OrderValidator&) = delete;
    OrderValidator& operator=(const OrderValidator&) = delete;

    /// The one load before each operation; is_on() of it is the one branch.
    [[gnu::always_inline]] OrderSetting setting() const {
        return {setting_.load(std::memory_order_relaxed)};
    }

    /// From now on; operations under way end in the mode they began in.
    void set_mode(Mode mode) {
        std::uint32_t old = setting_.load(std::memory_order_relaxed);
        OrderSetting next{};
        do {
            const bool begins = !OrderSetting{old}.is_on() && mode != Mode::off;
            next = OrderSetting::of(mode, OrderSetting{old}.epoch() + (begins ? 1 : 0));
        } while (!setting_.compare_exchange_weak(old, next.word, std::memory_order_relaxed));
    }

    // Around a lock; each needs a setting that is on ----------------------------------------------

    /// Before waiting for a lock. False: the lock is not followed. In mode panic it may not return.
    bool acquire(const OrderStep& step) { return rules_.acquire(Platform::held(), step); }

    /// After the lock was taken: `followed` is what acquire() said.
    [[gnu::always_inline]] static void note_taken(const OrderStep& step, LockTag& lock,
                                                  bool followed) {
        lock.site.store(step.site, std::memory_order_relaxed);
        lock.setting.store(followed ? step.setting.word : LockTag::untracked,
                           std::memory_order_relaxed);
    }

    /// Before a lock is given back.
    void release(const OrderStep& step) { rules_.release(Platform::held(), step); }

    // Places where a rule holds ------------------------------------------------------------------

    /// Where nothing may be held: at the kernel's exit, at the end of a thread.
    void expect_none_held(Site site = Site::current()) {
        if (const OrderSetting now = setting(); now.is_on())
            rules_.check_none_held(Platform::held(), now, site);
    }

    /// Calls `f(outer class, inner class)` for each pair seen that is good.
    void for_each_edge(auto f) const { rules_.for_each_pair(f); }

protected:
    Rules rules_;

private:
    std::atomic<std::uint32_t> setting_;
};

}  // namespace lamina::sync
