// include/lamina/sync/order_graph.hpp - OrderGraph: the classes, and in what order they were taken.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lamina/sync/order_reach.hpp"

namespace lamina::sync {

/// What a table says of two classes of the same level.
enum class EqualLevels : std::uint8_t {
    refuse,  ///< They are never held together: levels increase strictly.
    learn,   ///< The first order seen is the order from then on.
};

/// The lock classes of one validator, and in what order they were taken: `order` has what ranks
/// demand and what was observed, `observed` only the latter (for interrupts, where only real chains
/// count).
///
/// is_settled() and the tests of interrupt use may be called at any time; everything else only by
/// one at a time. A pair that is settled has been looked at and found good, and good it stays: an
/// edge that would contradict it is refused from then on. So a reader that sees the pair late only
/// takes the slow way once more.
template <unsigned classes>
class OrderGraph {
public:
    static constexpr unsigned classes_max = classes;
    /// Edges whose sites are kept; later ones have none.
    static constexpr unsigned edge_sites_max = 4 * classes;
    using N = OrderNodes<classes>;

    /// `wanted` was taken while `held` was held.
    struct Edge {
        OrderNode held;
        OrderNode wanted;
        Site held_site;
        Site wanted_site;
    };

    constexpr explicit OrderGraph(EqualLevels equal_levels) : equal_levels_(equal_levels) {}

    /// Numbers the class and seeds its order from the levels. False: there is no number left.
    bool add_class(ClassInfo& added) {
        const ClassId id = class_count_;
        if (id == classes) return false;
        classes_[id] = &added;
        for (ClassId other = 1; other < id; ++other) {
            const Level level = class_at(other).level;
            const bool both = level == added.level && equal_levels_ == EqualLevels::refuse;
            if (level < added.level || both) order_.seed(other, id);
            if (level > added.level || both) order_.seed(id, other);
        }
        ++class_count_;
        added.id.store(id, std::memory_order_release);
        return true;
    }

    /// Whether every pair of something in `held` with `wanted` was seen before and found good.
    [[gnu::always_inline]] bool is_settled(OrderNode wanted, const typename N::Set& held) const {
        return seen_[wanted].covers(held);
    }
    bool is_seen(OrderNode held, OrderNode wanted) const { return seen_[wanted].has(held); }

    /// The rule against taking `wanted` while `held`, of another class, is held: it would close a
    /// circle.
    std::optional<Violation> against(OrderNode held, OrderNode wanted) const {
        if (!order_.leads(wanted, held)) return {};
        if (level_at(held) != level_at(wanted)) return Violation::inversion;
        return equal_levels_ == EqualLevels::refuse ? Violation::equal_level : Violation::cycle;
    }

    /// Adds an edge that is new and that no rule is against.
    void add_edge(OrderNode held, OrderNode wanted, const Site& held_site,
                  const Site& wanted_site) {
        order_.add(held, wanted);
        observed_.add(held, wanted);
        if (edge_count_ < edge_sites_max)
            sites_[edge_count_] = {held, wanted, held_site, wanted_site};
        ++edge_count_;
        seen_[wanted].add(held);
    }

    ClassId class_count() const { return class_count_; }
    /// `id` from 1 to class_count() - 1.
    const ClassInfo& class_at(ClassId id) const { return *classes_[id]; }

    /// The first edge whose place, counted over all pairs, is `from` or later; `from` becomes the
    /// place behind it. None: there is none any more.
    std::optional<Edge> next_edge(unsigned& from) const {
        for (; from < unsigned{N::count} * N::count; ++from) {
            const auto wanted = OrderNode(from / N::count), held = OrderNode(from % N::count);
            if (!is_seen(held, wanted)) continue;
            ++from;
            return edge(held, wanted);
        }
        return {};
    }

    /// An edge with its sites, or with sites of line 0.
    Edge edge(OrderNode held, OrderNode wanted) const {
        const unsigned kept = edge_count_ < edge_sites_max ? edge_count_ : edge_sites_max;
        for (unsigned i = 0; i < kept; ++i)
            if (sites_[i].held == held && sites_[i].wanted == wanted) return sites_[i];
        return {held, wanted, {}, {}};
    }

    // Interrupts ---------------------------------------------------------------------------------

    /// Where a class was first taken in a handler, and first held with interrupts enabled.
    struct InterruptSites {
        Site in_handler;
        Site enabled;
    };

    bool was_in_handler(OrderNode wanted) const { return in_handler_.has(wanted); }
    bool was_enabled(OrderNode held) const { return enabled_.has(held); }
    void set_in_handler(OrderNode wanted, const Site& site) {
        in_handler_.add(wanted);
        interrupt_sites_[wanted].in_handler = site;
    }
    void set_enabled(OrderNode held, const Site& site) {
        enabled_.add(held);
        interrupt_sites_[held].enabled = site;
    }
    const InterruptSites& interrupt_sites(OrderNode node) const { return interrupt_sites_[node]; }

    /// Calls `f(enabled, in_handler)` for each pair of nodes that can block each other: a handler
    /// that wants the second interrupts one who holds the first, and the chain goes on from the
    /// second back to the first. Stops when f returns true; returns whether it did.
    template <typename F>
    bool any_interrupt_circle(F&& f) const {
        if (in_handler_.is_empty() || enabled_.is_empty()) return false;
        for (OrderNode wanted = 0; wanted < N::count; ++wanted) {
            if (!in_handler_.has(wanted)) continue;
            for (OrderNode held = 0; held < N::count; ++held) {
                if (!enabled_.has(held)) continue;
                const bool itself = N::class_of(held) == N::class_of(wanted);
                const bool circle =
                    (itself && N::waits(wanted, held)) || observed_.leads(wanted, held);
                if (circle && f(held, wanted)) return true;
            }
        }
        return false;
    }

    // Chains -------------------------------------------------------------------------------------

    /// Finds the shortest observed chain that starts as `wanted` and leads to a wait for `held`,
    /// and calls `f(const Edge&)` for its edges from the last to the first. Returns their number;
    /// 0 if there is none. Breadth first; needs 12 bytes of stack for each class.
    template <typename F>
    unsigned walk_chain(OrderNode wanted, OrderNode held, F&& f) const {
        constexpr OrderNode none = N::count;
        std::array<OrderNode, N::count>
            from;  // the held node of the edge by which a node was reached
        std::array<OrderNode, N::count> source;
        std::array<OrderNode, N::count> queue;
        for (unsigned i = 0; i < N::count; ++i)
            from[i] = source[i] = none;
        unsigned head = 0, tail = 0;
        queue[tail++] = wanted;
        while (head != tail) {
            const OrderNode node = queue[head++];
            if (node != wanted && N::class_of(node) == N::class_of(held) && N::waits(node, held))
                return unwind(wanted, node, from, source, f);
            for (const OrderNode out :
                 {OrderNode(N::class_of(node)), N::lenient(N::class_of(node))}) {
                if (!N::waits(node, out)) continue;
                for (OrderNode next = 0; next < N::count; ++next) {
                    if (next == wanted || source[next] != none || !is_seen(out, next)) continue;
                    from[next] = out;
                    source[next] = node;
                    queue[tail++] = next;
                }
            }
        }
        return 0;
    }

private:
    template <typename F>
    unsigned unwind(OrderNode start, OrderNode end, const std::array<OrderNode, N::count>& from,
                    const std::array<OrderNode, N::count>& source, F& f) const {
        unsigned length = 0;
        for (OrderNode node = end; node != start; node = source[node], ++length)
            f(edge(from[node], node));
        return length;
    }

    Level level_at(OrderNode node) const { return classes_[N::class_of(node)]->level; }

    EqualLevels equal_levels_;
    ClassId class_count_ = 1;  // number 0 is nobody's
    unsigned edge_count_ = 0;
    std::array<const ClassInfo*, classes> classes_{};
    std::array<typename N::SharedSet, N::count> seen_{};  // [wanted]: held
    OrderReach<classes> order_{};
    OrderReach<classes> observed_{};
    std::array<Edge, edge_sites_max> sites_{};
    typename N::SharedSet in_handler_{};
    typename N::SharedSet enabled_{};
    std::array<InterruptSites, N::count> interrupt_sites_{};
};

}  // namespace lamina::sync
