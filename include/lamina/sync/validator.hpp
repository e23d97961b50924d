// include/lamina/sync/validator.hpp - Validator: all rules of order, for any lock in any code.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"
#include "lamina/sync/all_rules.hpp"
#include "lamina/sync/order_validator.hpp"

namespace lamina::sync {

/// An OrderValidator with AllRules.
///
/// Memory: 17 KiB for 64 classes.
template <InterruptedPlatform Platform>
class Validator : public OrderValidator<AllRules<Platform>> {
    using Base = OrderValidator<AllRules<Platform>>;

public:
    using typename Base::Graph;
    using typename Base::N;
    using typename Base::Stack;
    using Rules = AllRules<Platform>;

    constexpr explicit Validator(Mode mode, EqualLevels equal_levels = EqualLevels::refuse)
        : Base(mode, equal_levels) {}

    /// Makes a class known before its locks are used. Errors: limit_reached, there are too many.
    Result<void> declare(ClassInfo& lock_class) {
        const bool known = this->rules().with_graph([&](Graph& graph) {
            return lock_class.id.load(std::memory_order_relaxed) != 0 ||
                   graph.add_class(lock_class);
        });
        if (!known) return fail(Status::limit_reached);
        return {};
    }

    /// Before this thread blocks for anything: no spinlock may be held.
    void about_to_block(Site site = Site::current()) {
        if (const OrderSetting now = this->setting(); now.is_on())
            this->rules().check_blocking(Platform::held(), now, site);
    }
    /// Before interrupts are enabled while locks may be held.
    void enabling_interrupts(Site site = Site::current()) {
        if (const OrderSetting now = this->setting(); now.is_on())
            this->rules().mark_enabled(Platform::held(), now, site);
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

    /// Calls `f(const ClassInfo&)` for each class, by level and within a level by age. f may do
    /// anything: no lock is held. Cost: the square of the number of classes.
    template <typename F>
    void for_each_class(F&& f) {
        const ClassId count =
            this->rules().with_graph([](Graph& graph) { return graph.class_count(); });
        // A class that has a number keeps it, so what is below `count` can be read without the
        // lock.
        const Graph& graph = this->rules().graph();
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
};

}  // namespace lamina::sync
