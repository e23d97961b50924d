// include/lamina/sync/all_rules.hpp - AllRules: also circles, interrupts, and blocking.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "lamina/sync/full_report.hpp"
#include "lamina/sync/guarded_graph.hpp"
#include "lamina/sync/held_stack.hpp"
#include "lamina/sync/order_graph.hpp"
#include "lamina/sync/order_rules.hpp"
#include "lamina/sync/reported_set.hpp"

namespace lamina::sync {

/// What AllRules asks of its surroundings beyond an OrderPlatform whose stack is a HeldStack; a
/// type that is also a SpinPlatform has most of it.
///
/// - `mask_interrupts()`, `restore_interrupts(state)`: around the validator's own lock.
/// - `relax()`: on every round of a wait for it.
/// - `has_interrupts`: whether code is interrupted by handlers that take locks;
///   `interrupts_enabled()`: whether that can happen now.
template <typename P>
concept InterruptedPlatform = OrderPlatform<P, Report> && requires(P::InterruptState state) {
    { P::mask_interrupts() } -> std::same_as<typename P::InterruptState>;
    P::restore_interrupts(state);
    P::relax();
    { P::has_interrupts } -> std::convertible_to<bool>;
    { P::interrupts_enabled() } -> std::convertible_to<bool>;
};

/// All rules, for any lock in any code; the slow way of a Validator: whatever was not seen before
/// and found good.
template <InterruptedPlatform Platform>
class AllRules : public OrderRules<AllRules<Platform>, Report, Platform> {
    using Base = OrderRules<AllRules, Report, Platform>;
    friend Base;

public:
    using typename Base::Entry;
    using typename Base::Stack;
    using Graph = OrderGraph<Stack::classes_max>;
    using N = typename Graph::N;

    constexpr explicit AllRules(EqualLevels equal_levels) : graph_(equal_levels) {}

    /// For the fast way and for reading.
    [[gnu::always_inline]] const Graph& graph() const { return graph_.read(); }

    std::uint32_t count(Violation what) const {
        return counts_[static_cast<unsigned>(what)].load(std::memory_order_relaxed);
    }

    /// Calls `f(Graph&)` while nobody else changes the graph.
    template <typename F>
    auto with_graph(F&& f) {
        return graph_.with(f);
    }

    /// As in OrderRules. (The parts of an OrderStep one by one, so that the fast way need not put
    /// one together.)
    [[gnu::noinline, gnu::cold]] bool acquire(Stack& stack, OrderSetting setting,
                                              ClassInfo& lock_class, const LockTag& lock,
                                              Access access, Way way, Site site) {
        return Base::acquire(stack, {setting, lock_class, lock, access, way, site});
    }
    [[gnu::noinline, gnu::cold]] void release(Stack& stack, OrderSetting setting,
                                              ClassInfo& lock_class, const LockTag& lock,
                                              Access access, Site site) {
        Base::release(stack, {setting, lock_class, lock, access, Way::waits, site});
    }

    /// The caller is about to block: it holds no spinlock then, and is no handler.
    [[gnu::noinline, gnu::cold]] void check_blocking(Stack& stack, OrderSetting setting,
                                                     const Site& site) {
        if (stack.is_reporting) return;
        Base::follow(stack, setting);
        const Entry* const against = innermost_spinning(stack);
        if (against == nullptr && stack.interrupts == 0) return;
        this->complain(stack, setting, site, Violation::blocking, against);
    }

    /// Interrupts are about to be enabled: every lock held is held with them enabled from here on.
    [[gnu::noinline, gnu::cold]] void mark_enabled(Stack& stack, OrderSetting setting,
                                                   const Site& site) {
        if (stack.is_reporting) return;
        Base::follow(stack, setting);
        const bool changed = with_graph([&](Graph& graph) {
            bool any = false;
            for (unsigned i = stack.base; i < stack.depth; ++i) {
                const OrderNode held = Stack::node_of(stack.entries[i]);
                if (graph.was_enabled(held)) continue;
                graph.set_enabled(held, site);
                any = true;
            }
            return any;
        });
        if (changed) check_use(stack, setting, site);
    }

    /// Whether nothing but order is to be learnt of a use of the class; asked on the fast way.
    [[gnu::always_inline]] bool is_use_known(const Stack& stack, ClassId id, Access access) const {
        if constexpr (Platform::has_interrupts) {
            if (stack.interrupts != 0 && !graph().was_in_handler(N::wanted(id, access)))
                return false;
            if (Platform::interrupts_enabled() && !graph().was_enabled(N::held(id, access)))
                return false;
        }
        return true;
    }

private:
    static_assert(Stack::entries_max <= held_max, "a report has room for all that is held");

    // What OrderRules asks
    // -------------------------------------------------------------------------

    ClassId number_of(ClassInfo& info) {
        if (const ClassId id = info.id.load(std::memory_order_acquire); id != 0) return id;
        return with_graph([&](Graph& graph) {
            if (info.id.load(std::memory_order_relaxed) == 0) graph.add_class(info);
            return info.id.load(std::memory_order_relaxed);
        });
    }
    /// A class that has a number keeps it, and is there for all who see the number.
    const ClassInfo& class_at(ClassId id) const { return graph().class_at(id); }

    void check(Stack& stack, const OrderStep& step, ClassId id) {
        if (step.way == Way::tried)
            note_tried(stack, step, id);
        else if (const Entry* mine = Base::find(stack, step.lock); mine != nullptr)
            check_again(stack, step, *mine);
        else
            check_new(stack, step, id);
    }

    /// Counts it too.
    bool is_new(const Report& report) {
        add_count(report.what);
        return with_graph([&](Graph&) {
            return reported_.is_first(report.what, number(report.wanted), number(report.held));
        });
    }

    void release_by_stranger(Stack& stack, const OrderStep& step) {
        const Entry* const otherwise = Base::find(stack, step.lock);
        if (otherwise == nullptr) return Base::release_by_stranger(stack, step);
        Report report = this->stranger_report(step);
        report.held_site = otherwise->site;
        stack.remove(unsigned(otherwise - stack.entries.data()));
        this->emit(stack, step.setting, report);
    }

    void say(Stack& stack, OrderSetting setting, Report& report) {
        for (unsigned i = stack.base; i < stack.depth; ++i) {
            const Entry& entry = stack.entries[i];
            report.locks[report.lock_count++] = {&class_at(entry.id), entry.lock, entry.site};
        }
        Base::say(stack, setting, report);
    }

    // Rules
    // ----------------------------------------------------------------------------------------

    static bool may_block(const OrderStep& step) {
        return step.lock_class.wait != WaitKind::spins && step.way != Way::tried;
    }

    const Entry* innermost_spinning(const Stack& stack) const {
        for (unsigned i = stack.depth; i-- > stack.base;)
            if (class_at(stack.entries[i].id).wait == WaitKind::spins) return &stack.entries[i];
        return nullptr;
    }

    /// A lock was taken by a try.
    void note_tried(Stack& stack, const OrderStep& step, ClassId id) {
        if (!Platform::has_interrupts) return;
        if (with_graph([&](Graph& graph) { return note_use(graph, stack, step, id); }))
            check_use(stack, step.setting, step.site);
    }

    /// Its holder takes a lock again. Where that is allowed it does not wait, so nothing else
    /// matters.
    void check_again(Stack& stack, const OrderStep& step, const Entry& mine) {
        const bool reads =
            mine.access != Access::exclusive && step.access == Access::shared_recursive;
        if (step.lock_class.recursive || reads) return;
        this->complain(stack, step, Violation::reacquisition, &mine);
    }

    /// Takes a lock it does not hold.
    [[gnu::noinline]] void check_new(Stack& stack, const OrderStep& step, ClassId id) {
        check_wait_kind(stack, step);
        std::optional<Report> report;
        bool changed = false;
        with_graph([&](Graph& graph) {
            const OrderNode wanted = N::wanted(id, step.access);
            for (unsigned i = stack.depth; i-- > stack.base;) {
                const Entry& entry = stack.entries[i];
                const OrderNode held = Stack::node_of(entry);
                if (const auto what = against(entry, step, wanted)) {
                    if (report) continue;
                    report = this->report_of(*what, step, &entry);
                    if (*what == Violation::cycle) add_chain(*report, wanted, held);
                } else if (must_be_edge(entry, step, wanted)) {
                    graph.add_edge(held, wanted, entry.site, step.site);
                    changed = true;
                }
            }
            changed |= note_use(graph, stack, step, id);
        });
        if (report) this->emit(stack, step.setting, *report);
        if (changed) check_use(stack, step.setting, step.site);
    }

    /// A lock that may block is not wanted with a spinlock held, nor inside an interrupt.
    void check_wait_kind(Stack& stack, const OrderStep& step) {
        if (!may_block(step)) return;
        const Entry* const spinning = innermost_spinning(stack);
        if (spinning == nullptr && stack.interrupts == 0) return;
        this->complain(stack, step, Violation::wait_kind, spinning);
    }

    /// The rule of order that forbids the step while `entry` is held, if any.
    std::optional<Violation> against(const Entry& entry, const OrderStep& step,
                                     OrderNode wanted) const {
        if (entry.id == N::class_of(wanted)) {
            if (entry.access != Access::exclusive && step.access == Access::shared_recursive)
                return {};
            if (step.way != Way::paired) return Violation::same_class;
            if (std::less<const LockTag*>()(&step.lock, entry.lock))
                return Violation::address_order;
            return {};
        }
        return graph().against(Stack::node_of(entry), wanted);
    }

    /// Whether the pair is new to the graph and may be settled for good.
    bool must_be_edge(const Entry& entry, const OrderStep& step, OrderNode wanted) const {
        if (class_at(entry.id).wait == WaitKind::spins && may_block(step)) return false;
        return entry.id != N::class_of(wanted) && !graph().is_seen(Stack::node_of(entry), wanted);
    }

    // Interrupts
    // -----------------------------------------------------------------------------------

    /// Whether the class is used with respect to interrupts as it never was. Needs the graph lock.
    bool note_use(Graph& graph, const Stack& stack, const OrderStep& step, ClassId id) {
        if (!Platform::has_interrupts) return false;
        bool changed = false;
        const OrderNode wanted = N::wanted(id, step.access), held = N::held(id, step.access);
        // A lock that may block is wrong in a handler each time, and so never known to be there.
        const bool waits = step.way != Way::tried && !may_block(step);
        if (stack.interrupts != 0 && waits && !graph.was_in_handler(wanted)) {
            graph.set_in_handler(wanted, step.site);
            changed = true;
        }
        if (Platform::interrupts_enabled() && !graph.was_enabled(held)) {
            graph.set_enabled(held, step.site);
            changed = true;
        }
        return changed;
    }

    /// Reports every circle through an interrupt that was not reported before.
    [[gnu::noinline]] void check_use(Stack& stack, OrderSetting setting, const Site& site) {
        if (!Platform::has_interrupts) return;
        std::optional<Report> report;
        const auto find_next = [&](Graph& graph) {
            return graph.any_interrupt_circle([&](OrderNode enabled, OrderNode in_handler) {
                if (!reported_.is_first(Violation::interrupt, N::class_of(enabled),
                                        N::class_of(in_handler)))
                    return false;
                report = interrupt_report(site, enabled, in_handler);
                return true;
            });
        };
        while (with_graph(find_next)) {
            add_count(Violation::interrupt);
            report->is_warning = setting.mode() == Mode::warn;
            say(stack, setting, *report);
        }
    }

    Report interrupt_report(const Site& site, OrderNode enabled, OrderNode in_handler) const {
        Report report;
        report.what = Violation::interrupt;
        report.site = site;
        report.wanted = &graph().class_at(N::class_of(in_handler));
        report.held = &graph().class_at(N::class_of(enabled));
        report.held_site = graph().interrupt_sites(enabled).enabled;
        report.links[0] = {report.held, report.wanted, report.held_site,
                           graph().interrupt_sites(in_handler).in_handler, true};
        report.link_count = 1;
        if (report.held != report.wanted) add_chain(report, in_handler, enabled);
        return report;
    }

    void add_chain(Report& report, OrderNode wanted, OrderNode held) const {
        const unsigned before = report.link_count;
        std::array<ChainLink, links_max> backwards;
        unsigned walked = 0;
        const unsigned length =
            graph().walk_chain(wanted, held, [&](const typename Graph::Edge& edge) {
                backwards[walked++ % links_max] = link_of(edge);
            });
        // Of a chain longer than that, its first links were walked last: they are kept.
        for (unsigned i = 0; i < length && before + i < links_max; ++i)
            report.links[before + i] = backwards[(length - 1 - i) % links_max];
        report.link_count = before + length;
    }

    ChainLink link_of(const typename Graph::Edge& edge) const {
        return {&graph().class_at(N::class_of(edge.held)),
                &graph().class_at(N::class_of(edge.wanted)), edge.held_site, edge.wanted_site,
                false};
    }

    static ClassId number(const ClassInfo* info) {
        return info == nullptr ? ClassId(0) : info->id.load(std::memory_order_relaxed);
    }
    void add_count(Violation what) {
        counts_[static_cast<unsigned>(what)].fetch_add(1, std::memory_order_relaxed);
    }

    GuardedGraph<Platform, Graph> graph_;
    ReportedSet reported_;  // guarded by the graph's lock
    std::array<std::atomic<std::uint32_t>, violation_count> counts_{};
};

}  // namespace lamina::sync
