// include/lamina/sync/order_rules.hpp - OrderRules: the rules that hold for locks of every kind.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "lamina/sync/held_stack.hpp"
#include "lamina/sync/order_platform.hpp"
#include "lamina/sync/reported_set.hpp"

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
    bool may_block() const { return lock_class.wait != WaitKind::spins && way != Way::tried; }
};

/// The slow way of a validator: whatever was not seen before and found good. Holds one spinlock of
/// its own, with interrupts masked, and never calls out while it does.
///
/// `Self` derives from this, and replaces what it has rules for of its own; `GraphType` knows in
/// which order classes may be taken.
template <typename Self, OrderPlatform PlatformType, typename GraphType>
class OrderRules {
public:
    using Platform = PlatformType;
    using Stack = typename Platform::Stack;
    using Entry = typename Stack::Entry;
    using Graph = GraphType;
    using N = typename Graph::N;

    /// Arguments: those of the graph.
    template <typename... Arguments>
    constexpr explicit OrderRules(Arguments... arguments) : graph_(arguments...) {}

    /// For the fast way and for reading.
    [[gnu::always_inline]] const Graph& graph() const { return graph_; }

    std::uint32_t count(Violation what) const {
        return counts_[static_cast<unsigned>(what)].load(std::memory_order_relaxed);
    }

    /// Calls `f(Graph&)` while nobody else changes the graph.
    template <typename F>
    auto with_graph(F&& f) {
        GraphLock lock(graph_lock_);
        return f(graph_);
    }

    /// Brings the stack to this setting: entries of an older epoch are forgotten.
    static void follow(Stack& stack, OrderSetting setting) {
        if (stack.setting == setting.word) return;
        if (OrderSetting{stack.setting}.epoch() != setting.epoch()) stack.clear();
        stack.setting = setting.word;
    }

    /// Checks an acquisition and puts it on the stack. False: the lock is not followed. (The parts
    /// of an OrderStep one by one, so that the fast way need not put one together.)
    [[gnu::noinline, gnu::cold]] bool acquire(Stack& stack, OrderSetting setting,
                                              ClassInfo& lock_class, const LockTag& lock,
                                              Access access, Way way, Site site) {
        const OrderStep step{setting, lock_class, lock, access, way, site};
        if (stack.is_reporting) return false;
        follow(stack, step.setting);
        const ClassId id = number_of(stack, step);
        if (id == 0) return false;
        if (step.way == Way::tried)
            self().note_tried(stack, step, id);
        else if (const Entry* mine = find(stack, step.lock); mine != nullptr)
            check_again(stack, step, *mine);
        else
            check_new(stack, step, id);
        if (stack.is_full()) {
            complain(stack, step, Violation::overflow, &stack.entries[stack.depth - 1U]);
            return false;
        }
        stack.push(step.lock, id, step.access, step.site);
        return true;
    }

    /// Checks a release that is not that of the lock on top.
    [[gnu::noinline, gnu::cold]] void release(Stack& stack, OrderSetting setting,
                                              ClassInfo& lock_class, const LockTag& lock,
                                              Access access, Site site) {
        const OrderStep step{setting, lock_class, lock, access, Way::waits, site};
        if (stack.is_reporting) return;
        follow(stack, step.setting);
        if (stack.is_top(step.lock, step.access)) return stack.pop(step.access);
        for (unsigned i = stack.depth; i-- > stack.base;) {
            const Entry& entry = stack.entries[i];
            if (entry.lock != &step.lock || entry.access != step.access) continue;
            const Entry top = stack.entries[stack.depth - 1U];
            stack.remove(i);
            return complain(stack, step, Violation::release_order, &top);
        }
        release_by_stranger(stack, step);
    }

    [[gnu::noinline, gnu::cold]] void check_none_held(Stack& stack, OrderSetting setting,
                                                      const Site& site) {
        if (stack.is_reporting) return;
        follow(stack, setting);
        if (stack.depth == stack.base) return;
        complain(stack, setting, site, Violation::held_at_exit, &stack.entries[stack.depth - 1U]);
    }

    /// Whether nothing but order is to be learnt of a use of the class; asked on the fast way.
    [[gnu::always_inline]] bool is_use_known(const Stack&, ClassId, Access) const { return true; }

protected:
    // What a Self with more rules replaces -----------------------------------------------------

    /// A lock was taken by a try.
    void note_tried(Stack&, const OrderStep&, ClassId) {}
    /// Adds to a report of order how things came to it. Needs the graph lock.
    void explain(Report&, OrderNode /*held*/, OrderNode /*wanted*/) const {}
    /// Notes how the class is used; returns whether that is new. Needs the graph lock.
    bool note_use(const Stack&, const OrderStep&, ClassId) { return false; }
    /// Something is new: an edge or a use.
    void check_use(Stack&, OrderSetting, const Site&) {}

    // What it does so with ---------------------------------------------------------------------

    /// A class that has a number keeps it, and is there for all who see the number.
    const ClassInfo& class_of(const Entry& entry) const {
        return graph_.class_at(N::class_of(entry.node));
    }

    const Entry* innermost_spinning(const Stack& stack) const {
        for (unsigned i = stack.depth; i-- > stack.base;)
            if (class_of(stack.entries[i]).wait == WaitKind::spins) return &stack.entries[i];
        return nullptr;
    }

    Report report_at(Violation what, const Site& site, const Entry* against) const {
        Report report;
        report.what = what;
        report.site = site;
        if (against != nullptr) {
            report.held = &class_of(*against);
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

    /// Counts the violation, and reports it unless that was done.
    void emit(Stack& stack, OrderSetting setting, Report& report) {
        const bool is_first = with_graph([&](Graph&) {
            return reported_.is_first(report.what, number(report.wanted), number(report.held));
        });
        if (is_first || !is_only_warned(setting, report)) return say(stack, setting, report);
        add_count(report.what);
    }

    void say(Stack& stack, OrderSetting setting, Report& report) {
        add_count(report.what);
        report.is_warning = is_only_warned(setting, report);
        for (unsigned i = stack.base; i < stack.depth; ++i) {
            const Entry& entry = stack.entries[i];
            report.locks[report.lock_count++] = {&class_of(entry), entry.lock, entry.site};
        }
        stack.is_reporting = true;
        stack.setting = 0;
        Platform::report(report);
        stack.setting = setting.word;
        stack.is_reporting = false;
        if (!report.is_warning) Platform::panic(report);
    }

    // Both are guarded by the graph lock.
    Graph graph_;
    ReportedSet reported_;

private:
    Self& self() { return static_cast<Self&>(*this); }
    const Self& self() const { return static_cast<const Self&>(*this); }

    /// The spinlock around both.
    class GraphLock {
    public:
        explicit GraphLock(std::atomic_flag& flag)
            : flag_(flag), interrupts_(Platform::mask_interrupts()) {
            while (flag_.test_and_set(std::memory_order_acquire))
                while (flag_.test(std::memory_order_relaxed))
                    Platform::relax();
        }
        ~GraphLock() {
            flag_.clear(std::memory_order_release);
            Platform::restore_interrupts(interrupts_);
        }
        GraphLock(const GraphLock&) = delete;
        GraphLock& operator=(const GraphLock&) = delete;

    private:
        std::atomic_flag& flag_;
        typename Platform::InterruptState interrupts_;
    };

    ClassId number_of(Stack& stack, const OrderStep& step) {
        if (const ClassId id = step.id(); id != 0) return id;
        const bool added = with_graph(
            [&](Graph& graph) { return step.id() != 0 || graph.add_class(step.lock_class); });
        if (!added) complain(stack, step, Violation::class_table_full, nullptr);
        return step.id();
    }

    static const Entry* find(const Stack& stack, const LockTag& lock) {
        for (unsigned i = stack.depth; i-- > stack.base;)
            if (stack.entries[i].lock == &lock) return &stack.entries[i];
        return nullptr;
    }

    /// Its holder takes a lock again. Where that is allowed it does not wait, so nothing else
    /// matters.
    void check_again(Stack& stack, const OrderStep& step, const Entry& mine) {
        const bool reads =
            mine.access != Access::exclusive && step.access == Access::shared_recursive;
        if (step.lock_class.recursive || reads) return;
        complain(stack, step, Violation::reacquisition, &mine);
    }

    /// Takes a lock it does not hold.
    [[gnu::noinline]] void check_new(Stack& stack, const OrderStep& step, ClassId id) {
        check_wait_kind(stack, step);
        std::optional<Report> report;
        bool changed = false;
        with_graph([&](Graph& graph) {
            for (unsigned i = stack.depth; i-- > stack.base;) {
                const Entry& entry = stack.entries[i];
                const OrderNode wanted = N::wanted(id, step.access);
                if (const auto what = against(entry, step, wanted)) {
                    if (report) continue;
                    report = report_of(*what, step, &entry);
                    self().explain(*report, entry.node, wanted);
                } else if (must_be_edge(entry, step, wanted)) {
                    graph.add_edge(entry.node, wanted, entry.site, step.site);
                    changed = true;
                }
            }
            changed |= self().note_use(stack, step, id);
        });
        if (report) emit(stack, step.setting, *report);
        if (changed) self().check_use(stack, step.setting, step.site);
    }

    /// A lock that may block is not wanted with a spinlock held, nor inside an interrupt.
    void check_wait_kind(Stack& stack, const OrderStep& step) {
        if (!step.may_block()) return;
        const Entry* const spinning = innermost_spinning(stack);
        if (spinning == nullptr && stack.interrupts == 0) return;
        complain(stack, step, Violation::wait_kind, spinning);
    }

    /// The rule of order that forbids the step while `entry` is held, if any.
    std::optional<Violation> against(const Entry& entry, const OrderStep& step,
                                     OrderNode wanted) const {
        const ClassId mine = N::class_of(wanted), its = N::class_of(entry.node);
        if (mine == its) {
            if (entry.access != Access::exclusive && step.access == Access::shared_recursive)
                return {};
            if (step.way != Way::paired) return Violation::same_class;
            if (std::less<const LockTag*>()(&step.lock, entry.lock))
                return Violation::address_order;
            return {};
        }
        return graph_.against(entry.node, wanted);
    }

    /// Whether the pair is new to the graph and may be settled for good.
    bool must_be_edge(const Entry& entry, const OrderStep& step, OrderNode wanted) const {
        if (class_of(entry).wait == WaitKind::spins && step.may_block()) return false;
        return N::class_of(entry.node) != N::class_of(wanted) &&
               !graph_.is_seen(entry.node, wanted);
    }

    [[gnu::noinline]] void release_by_stranger(Stack& stack, const OrderStep& step) {
        Report report = report_of(Violation::stranger_release, step, nullptr);
        report.held = &step.lock_class;
        report.held_lock = &step.lock;
        if (const Entry* otherwise = find(stack, step.lock); otherwise != nullptr) {
            report.held_site = otherwise->site;
            stack.remove(unsigned(otherwise - stack.entries.data()));
            return emit(stack, step.setting, report);
        }
        // A lock that was taken before the validator looked, or that it could not follow, may be
        // given back by whoever has it.
        const OrderSetting taken{step.lock.setting.load(std::memory_order_relaxed)};
        const bool always_on = step.setting.epoch() == OrderSetting::first_epoch;
        const bool never = taken.word == 0;
        if (never ? !always_on : taken.epoch() != step.setting.epoch()) return;
        if (!never) report.held_site = step.lock.site.load(std::memory_order_relaxed);
        emit(stack, step.setting, report);
    }

    static bool is_only_warned(OrderSetting setting, const Report& report) {
        return setting.mode() == Mode::warn || report.what == Violation::release_order;
    }
    static ClassId number(const ClassInfo* info) {
        return info == nullptr ? ClassId(0) : info->id.load(std::memory_order_relaxed);
    }
    void add_count(Violation what) {
        counts_[static_cast<unsigned>(what)].fetch_add(1, std::memory_order_relaxed);
    }

    std::atomic_flag graph_lock_{};
    std::array<std::atomic<std::uint32_t>, violation_count> counts_{};
};

}  // namespace lamina::sync
