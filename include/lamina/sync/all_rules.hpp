// include/lamina/sync/all_rules.hpp - AllRules: also circles, interrupts, and blocking.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lamina/sync/order_graph.hpp"
#include "lamina/sync/order_rules.hpp"

namespace lamina::sync {

/// What AllRules asks of its surroundings beyond an OrderPlatform.
///
/// - `has_interrupts`: whether code is interrupted by handlers that take locks;
///   `interrupts_enabled()`: whether that can happen now.
template <typename P>
concept InterruptedPlatform = OrderPlatform<P> && requires {
    { P::has_interrupts } -> std::convertible_to<bool>;
    { P::interrupts_enabled() } -> std::convertible_to<bool>;
};

/// All rules, for any lock in any code.
template <InterruptedPlatform Platform>
class AllRules
    : public OrderRules<AllRules<Platform>, Platform, OrderGraph<Platform::Stack::classes_max>> {
    using Base = OrderRules<AllRules, Platform, OrderGraph<Platform::Stack::classes_max>>;
    friend Base;

public:
    using typename Base::Entry;
    using typename Base::Graph;
    using typename Base::N;
    using typename Base::Stack;

    constexpr explicit AllRules(EqualLevels equal_levels) : Base(equal_levels) {}

    /// The caller is about to block: it holds no spinlock then, and is no handler.
    [[gnu::noinline, gnu::cold]] void check_blocking(Stack& stack, OrderSetting setting,
                                                     const Site& site) {
        if (stack.is_reporting) return;
        Base::follow(stack, setting);
        const Entry* const against = this->innermost_spinning(stack);
        if (against == nullptr && stack.interrupts == 0) return;
        this->complain(stack, setting, site, Violation::blocking, against);
    }

    /// Interrupts are about to be enabled: every lock held is held with them enabled from here on.
    [[gnu::noinline, gnu::cold]] void mark_enabled(Stack& stack, OrderSetting setting,
                                                   const Site& site) {
        if (stack.is_reporting) return;
        Base::follow(stack, setting);
        const bool changed = this->with_graph([&](Graph& graph) {
            bool any = false;
            for (unsigned i = stack.base; i < stack.depth; ++i) {
                const OrderNode held = stack.entries[i].node;
                if (graph.was_enabled(held)) continue;
                graph.set_enabled(held, site);
                any = true;
            }
            return any;
        });
        if (changed) check_use(stack, setting, site);
    }

    [[gnu::always_inline]] bool is_use_known(const Stack& stack, ClassId id, Access access) const {
        if constexpr (Platform::has_interrupts) {
            const Graph& graph = this->graph();
            if (stack.interrupts != 0 && !graph.was_in_handler(N::wanted(id, access))) return false;
            if (Platform::interrupts_enabled() && !graph.was_enabled(N::held(id, access)))
                return false;
        }
        return true;
    }

private:
    void note_tried(Stack& stack, const OrderStep& step, ClassId id) {
        if (!Platform::has_interrupts) return;
        if (this->with_graph([&](Graph&) { return note_use(stack, step, id); }))
            check_use(stack, step.setting, step.site);
    }

    void explain(Report& report, OrderNode held, OrderNode wanted) const {
        if (report.what == Violation::cycle) add_chain(report, wanted, held);
    }

    /// Whether the class is used with respect to interrupts as it never was. Needs the graph lock.
    bool note_use(const Stack& stack, const OrderStep& step, ClassId id) {
        if (!Platform::has_interrupts) return false;
        bool changed = false;
        const OrderNode wanted = N::wanted(id, step.access), held = N::held(id, step.access);
        // A lock that may block is wrong in a handler each time, and so never known to be there.
        const bool waits = step.way != Way::tried && !step.may_block();
        if (stack.interrupts != 0 && waits && !this->graph_.was_in_handler(wanted)) {
            this->graph_.set_in_handler(wanted, step.site);
            changed = true;
        }
        if (Platform::interrupts_enabled() && !this->graph_.was_enabled(held)) {
            this->graph_.set_enabled(held, step.site);
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
                if (!this->reported_.is_first(Violation::interrupt, N::class_of(enabled),
                                              N::class_of(in_handler)))
                    return false;
                report = interrupt_report(site, enabled, in_handler);
                return true;
            });
        };
        while (this->with_graph(find_next))
            this->say(stack, setting, *report);
    }

    Report interrupt_report(const Site& site, OrderNode enabled, OrderNode in_handler) const {
        Report report;
        report.what = Violation::interrupt;
        report.site = site;
        report.wanted = &this->graph_.class_at(N::class_of(in_handler));
        report.held = &this->graph_.class_at(N::class_of(enabled));
        report.held_site = this->graph_.interrupt_sites(enabled).enabled;
        report.links[0] = {report.held, report.wanted, report.held_site,
                           this->graph_.interrupt_sites(in_handler).in_handler, true};
        report.link_count = 1;
        if (report.held != report.wanted) add_chain(report, in_handler, enabled);
        return report;
    }

    void add_chain(Report& report, OrderNode wanted, OrderNode held) const {
        const unsigned before = report.link_count;
        std::array<ChainLink, links_max> backwards;
        unsigned walked = 0;
        const unsigned length =
            this->graph_.walk_chain(wanted, held, [&](const typename Graph::Edge& edge) {
                backwards[walked++ % links_max] = link_of(edge);
            });
        // Of a chain longer than that, its first links were walked last: they are kept.
        for (unsigned i = 0; i < length && before + i < links_max; ++i)
            report.links[before + i] = backwards[(length - 1 - i) % links_max];
        report.link_count = before + length;
    }

    ChainLink link_of(const typename Graph::Edge& edge) const {
        return {&this->graph_.class_at(N::class_of(edge.held)),
                &this->graph_.class_at(N::class_of(edge.wanted)), edge.held_site, edge.wanted_site,
                false};
    }
};

}  // namespace lamina::sync
