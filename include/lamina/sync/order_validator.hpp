// include/lamina/sync/order_validator.hpp - OrderValidator: checks every acquisition, at run time.
#pragma once

#include <atomic>
#include <cstdint>

#include "lamina/sync/order_rules.hpp"

namespace lamina::sync {

/// Follows which locks each CPU or thread holds, learns from that which class is taken while which
/// other is held, and reports what can deadlock before anyone waits for it.
///
/// An acquisition is checked against everything held by two words of bits (64 classes): the pairs
/// that were seen before and found good. Anything else takes the slow way, `Rules`.
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
/// Memory: a few hundred bytes for each CPU or thread. Stack: 4.5 KiB where a pair is new, a few
/// words else. Cost in instructions: see docs/lock-order.md.
template <typename Rules>
class OrderValidator {
public:
    using Platform = typename Rules::Platform;
    using Stack = typename Rules::Stack;
    using Graph = typename Rules::Graph;
    using N = typename Rules::N;

    /// Arguments behind the mode: those of the rules.
    template <typename... Arguments>
    constexpr explicit OrderValidator(Mode mode, Arguments... arguments)
        : setting_(OrderSetting::of(mode, OrderSetting::first_epoch).word), rules_(arguments...) {}
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
    [[gnu::always_inline]] bool acquire(const OrderStep& step) {
        return acquire_known(step) || acquire_slowly(step);
    }
    /// The fast way of acquire(): false, and nothing is done, unless everything about this step was
    /// seen before and found good.
    [[gnu::always_inline]] bool acquire_known(const OrderStep& step) {
        Stack& stack = Platform::held();
        const ClassId id = step.id();
        if (stack.setting != step.setting.word || id == 0 || stack.is_full() ||
            !rules_.graph().is_settled(N::wanted(id, step.access), stack.mask) ||
            !rules_.is_use_known(stack, id, step.access)) [[unlikely]]
            return false;
        stack.push(step.lock, id, step.access, step.site);
        return true;
    }
    /// The rest of acquire(), when that was false.
    [[gnu::always_inline]] bool acquire_slowly(const OrderStep& step) {
        return rules_.acquire(Platform::held(), step.setting, step.lock_class, step.lock,
                              step.access, step.way, step.site);
    }

    /// After the lock was taken: `followed` is what acquire() said.
    [[gnu::always_inline]] static void note_taken(const OrderStep& step, LockTag& lock,
                                                  bool followed) {
        lock.site.store(step.site, std::memory_order_relaxed);
        lock.setting.store(followed ? step.setting.word : LockTag::untracked,
                           std::memory_order_relaxed);
    }

    /// Before a lock is given back.
    [[gnu::always_inline]] void release(const OrderStep& step) {
        Stack& stack = Platform::held();
        if (stack.setting != step.setting.word || !stack.is_top(step.lock, step.access))
            [[unlikely]]
            return rules_.release(stack, step.setting, step.lock_class, step.lock, step.access,
                                  step.site);
        stack.pop(step.access);
    }

    /// After a wait that ended without the lock: forgets what acquire() put on the stack.
    static void abandon(const OrderStep& step) {
        Stack& stack = Platform::held();
        if (stack.is_top(step.lock, step.access)) stack.pop(step.access);
    }

    // Places where a rule holds ------------------------------------------------------------------

    /// Where nothing may be held: at the kernel's exit, at the end of a thread.
    void expect_none_held(Site site = Site::current()) {
        if (const OrderSetting now = setting(); now.is_on())
            rules_.check_none_held(Platform::held(), now, site);
    }

    // What was seen ------------------------------------------------------------------------------

    /// How often a rule was violated, reported or not; of circles through interrupts, how many
    /// pairs of classes there are.
    std::uint32_t count(Violation what) const { return rules_.count(what); }

    /// Calls `f(const Edge&, outer class, inner class)` for each pair seen. No lock is held while f
    /// runs: what is added meanwhile may be left out.
    template <typename F>
    void for_each_edge(F&& f) {
        unsigned from = 0;
        for (;;) {
            const auto edge =
                rules_.with_graph([&](Graph& graph) { return graph.next_edge(from); });
            if (!edge) return;
            f(*edge, rules_.graph().class_at(N::class_of(edge->held)),
              rules_.graph().class_at(N::class_of(edge->wanted)));
        }
    }

protected:
    Rules& rules() { return rules_; }

private:
    std::atomic<std::uint32_t> setting_;
    Rules rules_;
};

}  // namespace lamina::sync
