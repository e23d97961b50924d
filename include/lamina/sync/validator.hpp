// include/lamina/sync/validator.hpp - Validator: all rules of order, for any lock in any code.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"
#include "lamina/sync/all_rules.hpp"
#include "lamina/sync/order_validator.hpp"

namespace lamina::sync {

/// An OrderValidator with AllRules.
///
/// An acquisition is checked against everything held by two words of bits (64 classes): the pairs
/// that were seen before and found good. Anything else takes the slow way, AllRules.
///
/// Memory: 17 KiB for 64 classes. Stack: 4.5 KiB where a pair is new, a few words else. Cost in
/// instructions: see docs/lock-order.md.
template <InterruptedPlatform Platform>
class Validator : public OrderValidator<AllRules<Platform>> {
    using Base = OrderValidator<AllRules<Platform>>;

public:
    using typename Base::Stack;
    using Rules = AllRules<Platform>;
    using Graph = typename Rules::Graph;
    using N = typename Rules::N;

    constexpr explicit Validator(Mode mode, EqualLevels equal_levels = EqualLevels::refuse)
        : Base(mode, equal_levels) {}

    // Around a lock, in place of OrderValidator's
    // --------------------------------------------------

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

    // Others
    // ---------------------------------------------------------------------------------------

    /// Makes a class known before its locks are used. Errors: limit_reached, there are too many.
    Result<void> declare(ClassInfo& lock_class) {
        const bool known = rules_.with_graph([&](Graph& graph) {
            return lock_class.id.load(std::memory_order_relaxed) != 0 ||
                   graph.add_class(lock_class);
        });
        if (!known) return fail(Status::limit_reached);
        return {};
    }

    /// Before this thread blocks for anything: no spinlock may be held.
    void about_to_block(Site site = Site::current()) {
        if (const OrderSetting now = this->setting(); now.is_on())
            rules_.check_blocking(Platform::held(), now, site);
    }
    /// Before interrupts are enabled while locks may be held.
    void enabling_interrupts(Site site = Site::current()) {
        if (const OrderSetting now = this->setting(); now.is_on())
            rules_.mark_enabled(Platform::held(), now, site);
    }

    /// A handler of an interrupt, from its first to its last lock. What the interrupted code holds
    /// is set aside: whether a handler may want a lock that interruptible code holds is checked by
    /// class, over all that was ever seen.
    class InterruptScope {
    public:
        explicit InterruptScope(Validator& validator, Site site = Site::current())
            : validator_(validator), site_(site), stack_(Platform::held()) {
            if (const OrderSetting now = validator.setting(); now.is_on() && !stack_.is_reporting)
                Rules::follow(stack_, now);
            base_ = stack_.base;
            mask_ = stack_.mask;
            epoch_ = OrderSetting{stack_.setting}.epoch();
            stack_.base = stack_.depth;
            stack_.mask = {};
            ++stack_.interrupts;
        }
        ~InterruptScope() {
            validator_.expect_none_held(site_);
            if (epoch_ != OrderSetting{stack_.setting}.epoch()) return;  // it was cleared meanwhile
            stack_.depth = stack_.base;
            stack_.base = base_;
            stack_.mask = mask_;
            --stack_.interrupts;
        }
        InterruptScope(const InterruptScope&) = delete;
        InterruptScope& operator=(const InterruptScope&) = delete;

    private:
        Validator& validator_;
        Site site_;
        Stack& stack_;
        std::uint16_t base_;
        std::uint32_t epoch_;
        typename N::Set mask_;
    };

    // What was seen
    // --------------------------------------------------------------------------------

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

    /// Calls `f(const ClassInfo&)` for each class, by level and within a level by age. f may do
    /// anything: no lock is held. Cost: the square of the number of classes.
    template <typename F>
    void for_each_class(F&& f) {
        const ClassId count = rules_.with_graph([](Graph& graph) { return graph.class_count(); });
        // A class that has a number keeps it, so what is below `count` can be read without the
        // lock.
        const Graph& graph = rules_.graph();
        for (Level level = 0; level != Level(-1);) {
            Level next = Level(-1);
            for (ClassId id = 1; id < count; ++id) {
                const Level its = graph.class_at(id).level;
                if (its == level) f(graph.class_at(id));
                if (its > level && its < next) next = its;
            }
            level = next;
        }
    }

private:
    using Base::rules_;
};

}  // namespace lamina::sync
