// include/lamina/sync/order_rules.hpp - OrderRules: the rules that hold for locks of every kind.
#pragma once

#include <atomic>
#include <cstdint>

#include "lamina/sync/lock_stack.hpp"
#include "lamina/sync/order_platform.hpp"

namespace lamina::sync {

/// Mode and epoch of a validator in one word, so that one load tells both.
struct OrderSetting {
    static constexpr unsigned mode_bits = 2;
    static constexpr std::uint32_t first_epoch = 1;
    std::uint32_t word;

    static constexpr OrderSetting of(Mode mode, std::uint32_t epoch) {
        return {epoch << mode_bits | static_cast<std::uint32_t>(mode)};
    }
    [[gnu::always_inline]] constexpr Mode mode() const {
        return Mode(word & ((1U << mode_bits) - 1));
    }
    [[gnu::always_inline]] constexpr bool is_on() const { return mode() != Mode::off; }
    [[gnu::always_inline]] constexpr std::uint32_t epoch() const { return word >> mode_bits; }
};

/// One operation on one lock.
struct OrderStep {
    OrderSetting setting;
    ClassInfo& lock_class;
    const LockTag& lock;
    Access access;
    Way way;
    Site site;

    ClassId id() const { return lock_class.id.load(std::memory_order_acquire); }
};

/// What the rules of every validator have in common: the held stack, releases, and reports.
///
/// `Self` derives from this and says what order is:
///
/// - `number_of(lock_class)`: the number of a class, which gets it here if it has none; 0: there is
///   none left. `class_at(id)`: the class.
/// - `check(stack, step, id)`: the acquisition of a lock.
/// - `is_new(report)`: whether such a violation was not reported before.
///
/// It may replace release_by_stranger() and say().
template <typename Self, typename ReportType, OrderPlatform<ReportType> PlatformType>
class OrderRules {
public:
    using Platform = PlatformType;
    using Report = ReportType;
    using Stack = typename Platform::Stack;
    using Entry = typename Stack::Entry;

    /// Brings the stack to this setting: entries of an older epoch are forgotten.
    static void follow(Stack& stack, OrderSetting setting) {
        if (stack.setting == setting.word) return;
        if (OrderSetting{stack.setting}.epoch() != setting.epoch()) stack.clear();
        stack.setting = setting.word;
    }

    /// Checks an acquisition and puts it on the stack. False: the lock is not followed.
    bool acquire(Stack& stack, const OrderStep& step) {
        if (stack.is_reporting) return false;
        follow(stack, step.setting);
        const ClassId id = self().number_of(step.lock_class);
        if (id == 0) {
            complain(stack, step, Violation::class_table_full, nullptr);
            return false;
        }
        self().check(stack, step, id);
        if (stack.is_full()) {
            complain(stack, step, Violation::overflow, &stack.entries[stack.depth - 1U]);
            return false;
        }
        stack.push(step.lock, id, step.access, step.site);
        return true;
    }

    /// Checks a release and takes it off the stack.
    void release(Stack& stack, const OrderStep& step) {
        if (stack.is_reporting) return;
        follow(stack, step.setting);
        for (unsigned i = stack.depth; i-- > stack.base;) {
            const Entry& entry = stack.entries[i];
            if (entry.lock != &step.lock || entry.access != step.access) continue;
            const Entry top = stack.entries[stack.depth - 1U];
            stack.remove(i);
            if (i != stack.depth) complain(stack, step, Violation::release_order, &top);
            return;
        }
        self().release_by_stranger(stack, step);
    }

    [[gnu::noinline, gnu::cold]] void check_none_held(Stack& stack, OrderSetting setting,
                                                      const Site& site) {
        if (stack.is_reporting) return;
        follow(stack, setting);
        if (stack.depth == stack.base) return;
        complain(stack, setting, site, Violation::held_at_exit, &stack.entries[stack.depth - 1U]);
    }

protected:
    static const Entry* find(const Stack& stack, const LockTag& lock) {
        for (unsigned i = stack.depth; i-- > stack.base;)
            if (stack.entries[i].lock == &lock) return &stack.entries[i];
        return nullptr;
    }

    Report report_at(Violation what, const Site& site, const Entry* against) const {
        Report report;
        report.what = what;
        report.site = site;
        if (against != nullptr) {
            report.held = &self().class_at(against->id);
            report.held_lock = against->lock;
            report.held_site = against->site;
        }
        return report;
    }

    Report report_of(Violation what, const OrderStep& step, const Entry* against) const {
        Report report = report_at(what, step.site, against);
        report.wanted = &step.lock_class;
        report.wanted_lock = &step.lock;
        return report;
    }

    /// Reports a violation that needs no more than this. Never inlined, so that the callers, which
    /// may be deep in a small stack, have no Report of their own.
    [[gnu::noinline]] void complain(Stack& stack, const OrderStep& step, Violation what,
                                    const Entry* against) {
        Report report = report_of(what, step, against);
        emit(stack, step.setting, report);
    }
    [[gnu::noinline]] void complain(Stack& stack, OrderSetting setting, const Site& site,
                                    Violation what, const Entry* against) {
        Report report = report_at(what, site, against);
        emit(stack, setting, report);
    }

    /// Reports the violation unless that was done; in mode panic always.
    void emit(Stack& stack, OrderSetting setting, Report& report) {
        report.is_warning = setting.mode() == Mode::warn || report.what == Violation::release_order;
        if (self().is_new(report) || !report.is_warning) self().say(stack, setting, report);
    }

    void say(Stack& stack, OrderSetting setting, Report& report) {
        stack.is_reporting = true;
        stack.setting = 0;
        Platform::report(report);
        stack.setting = setting.word;
        stack.is_reporting = false;
        if (!report.is_warning) Platform::panic(report);
    }

    /// A lock that is not held is given back. If it was taken before the validator looked, or so
    /// that it could not follow, that may be done by whoever has it.
    [[gnu::noinline]] void release_by_stranger(Stack& stack, const OrderStep& step) {
        const OrderSetting taken{step.lock.setting.load(std::memory_order_relaxed)};
        const bool always_on = step.setting.epoch() == OrderSetting::first_epoch;
        const bool never = taken.word == 0;
        if (never ? !always_on : taken.epoch() != step.setting.epoch()) return;
        Report report = stranger_report(step);
        if (!never) report.held_site = step.lock.site.load(std::memory_order_relaxed);
        emit(stack, step.setting, report);
    }

    Report stranger_report(const OrderStep& step) const {
        Report report = report_of(Violation::stranger_release, step, nullptr);
        report.held = &step.lock_class;
        report.held_lock = &step.lock;
        return report;
    }

private:
    Self& self() { return static_cast<Self&>(*this); }
    const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace lamina::sync
