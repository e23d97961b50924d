// include/lamina/sync/rank_graph.hpp - RankGraph: classes ordered by their ranks alone, and the
// pairs seen.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "lamina/sync/order_nodes.hpp"

namespace lamina::sync {

/// The lock classes of one validator, and which of them were held together. What may be taken while
/// what is held follows from the levels: they increase strictly.
///
/// is_settled() may be called at any time; everything else only by one at a time. A pair that is
/// settled has been looked at and found good, and good it stays. So a reader that sees the pair
/// late only takes the slow way once more.
template <unsigned classes>
class RankGraph {
public:
    static constexpr unsigned classes_max = classes;
    using N = OrderNodes<classes>;

    /// `wanted` was taken while `held` was held.
    struct Edge {
        OrderNode held;
        OrderNode wanted;
    };

    /// Numbers the class. False: there is no number left.
    bool add_class(ClassInfo& added) {
        if (class_count_ == classes) return false;
        classes_[class_count_] = &added;
        added.id.store(class_count_++, std::memory_order_release);
        return true;
    }

    /// Whether every pair of something in `held` with `wanted` was seen before and found good.
    [[gnu::always_inline]] bool is_settled(OrderNode wanted, const typename N::Set& held) const {
        return seen_[wanted].covers(held);
    }
    bool is_seen(OrderNode held, OrderNode wanted) const { return seen_[wanted].has(held); }

    /// The rule against taking `wanted` while `held`, of another class, is held; if there is one.
    std::optional<Violation> against(OrderNode held, OrderNode wanted) const {
        const Level outer = level_at(held), inner = level_at(wanted);
        if (outer < inner) return {};
        return outer == inner ? Violation::equal_level : Violation::inversion;
    }

    /// Adds an edge that is new and that no rule is against.
    void add_edge(OrderNode held, OrderNode wanted, const Site&, const Site&) {
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
            return Edge{held, wanted};
        }
        return {};
    }

protected:
    Level level_at(OrderNode node) const { return classes_[N::class_of(node)]->level; }

private:
    ClassId class_count_ = 1;  // number 0 is nobody's
    std::array<const ClassInfo*, classes> classes_{};
    std::array<typename N::SharedSet, N::count> seen_{};  // [wanted]: held
};

}  // namespace lamina::sync
