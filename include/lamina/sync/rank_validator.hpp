// include/lamina/sync/rank_validator.hpp - RankValidator: where ranks alone say what order is.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "lamina/sync/order_rules.hpp"
#include "lamina/sync/order_validator.hpp"

namespace lamina::sync {

/// The rules for spinlocks that are taken one by one, where levels increase strictly and no handler
/// of an interrupt takes a lock. It has no lock of its own and no fast way.
template <OrderPlatform<OrderReport> Platform>
class RankRules : public OrderRules<RankRules<Platform>, OrderReport, Platform> {
    using Base = OrderRules<RankRules, OrderReport, Platform>;
    friend Base;

public:
    using typename Base::Entry;
    using typename Base::Stack;

    /// Calls `f(outer class, inner class)` for each pair that was seen and is good.
    void for_each_pair(auto f) const {
        for (ClassId outer = 1; outer < classes_max; ++outer)
            for (ClassId inner = 1; inner < classes_max; ++inner)
                if ((pairs_[outer][inner].load(std::memory_order_acquire) & good) != 0)
                    f(class_at(outer), class_at(inner));
    }

private:
    static constexpr ClassId classes_max = Stack::classes_max;

    /// Of a pair of classes: a bit for each violation that was reported, and one for a good pair.
    using Pair = std::atomic<std::uint32_t>;
    static constexpr std::uint32_t good = std::uint32_t{1} << violation_count;

    const ClassInfo& class_at(ClassId id) const { return *classes_[id]; }

    ClassId number_of(ClassInfo& info) {
        ClassId id = info.id.load(std::memory_order_acquire);
        if (id != 0 || class_count_.load(std::memory_order_relaxed) >= classes_max) return id;
        const ClassId next = class_count_.fetch_add(1, std::memory_order_relaxed);
        if (next >= classes_max) return 0;
        classes_[next] = &info;
        // If another CPU was first, `next` remains nobody's.
        return info.id.compare_exchange_strong(id, next, std::memory_order_acq_rel) ? next : id;
    }

    bool is_new(const OrderReport& report) {
        const auto number = [](const ClassInfo* info) {
            return info != nullptr ? info->id.load(std::memory_order_relaxed) : ClassId(0);
        };
        const auto bit = std::uint32_t{1} << static_cast<unsigned>(report.what);
        Pair& pair = pairs_[number(report.held)][number(report.wanted)];
        return (pair.fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
    }

    /// Reports the innermost held lock that stands against the step.
    void check(Stack& stack, const OrderStep& step, ClassId id) {
        if (step.way == Way::tried) return;
        if (const Entry* const mine = Base::find(stack, step.lock); mine != nullptr)
            return this->complain(stack, step, Violation::reacquisition, mine);
        const Entry* against = nullptr;
        for (unsigned i = stack.depth; i-- > stack.base;) {
            const Entry& entry = stack.entries[i];
            if (class_at(entry.id).level < step.lock_class.level)
                pairs_[entry.id][id].fetch_or(good, std::memory_order_release);
            else if (against == nullptr)
                against = &entry;
        }
        if (against != nullptr)
            this->complain(stack, step, rule_against(*against, step, id), against);
    }

    Violation rule_against(const Entry& entry, const OrderStep& step, ClassId id) const {
        if (entry.id == id) return Violation::same_class;
        return class_at(entry.id).level == step.lock_class.level ? Violation::equal_level
                                                                 : Violation::inversion;
    }

    std::atomic<ClassId> class_count_{1};  // number 0 is nobody's
    std::array<const ClassInfo*, classes_max> classes_{};
    std::array<std::array<Pair, classes_max>, classes_max> pairs_{};  // [held][wanted]
};

/// An OrderValidator for a kernel that is not interrupted: it has every rule of Validator that can
/// be broken there, and no more code than these need.
template <OrderPlatform<OrderReport> Platform>
using RankValidator = OrderValidator<RankRules<Platform>>;

}  // namespace lamina::sync
