// include/lamina/sync/order_nodes.hpp - nodes of the lock graph, and which of them reach which.
#pragma once

#include <array>
#include <cstdint>

#include "lamina/sync/bit_set.hpp"
#include "lamina/sync/order_report.hpp"

namespace lamina::sync {

/// Readers make the graph of "held, then wanted" finer than classes. An edge leaves a class as it
/// is held (exclusive or shared) and arrives at one as it is wanted: waiting for every holder and
/// every writer in the queue (`full`), or, as a recursive reader, only for a writer that holds it
/// (`lenient`). A chain of waiting threads passes through a class if what arrives there waits for
/// what leaves it: every combination but lenient in, shared out. A circle that takes that
/// combination cannot block. (Boqun Feng's argument for recursive readers in Linux's lockdep.)
///
/// Both kinds of node are numbered `class id`, plus `classes_max` for shared and for lenient.
using OrderNode = std::uint16_t;

template <unsigned classes_max>
struct OrderNodes {
    static constexpr unsigned count = 2 * classes_max;
    using Set = BitSet<count>;
    using SharedSet = SharedBitSet<count>;

    [[gnu::always_inline]] static constexpr OrderNode held(ClassId id, Access access) {
        return access == Access::exclusive ? id : OrderNode(id + classes_max);
    }
    [[gnu::always_inline]] static constexpr OrderNode wanted(ClassId id, Access access) {
        return access == Access::shared_recursive ? OrderNode(id + classes_max) : id;
    }
    /// The word of a Set in which the node of one held so is; cheaper than from the node alone.
    [[gnu::always_inline]] static constexpr unsigned word_of(OrderNode held, Access access) {
        if constexpr (classes_max == 64) return access == Access::exclusive ? 0 : 1;
        return held / 64;
    }
    static constexpr ClassId class_of(OrderNode node) { return node % classes_max; }
    static constexpr bool is_shared(OrderNode held) { return held >= classes_max; }
    static constexpr bool is_lenient(OrderNode wanted) { return wanted >= classes_max; }
    static constexpr OrderNode full(ClassId id) { return id; }
    static constexpr OrderNode lenient(ClassId id) { return OrderNode(id + classes_max); }

    /// Whether one who arrived at `wanted` waits for one who is there as `held`, of one class.
    static constexpr bool waits(OrderNode wanted, OrderNode held) {
        return !(is_lenient(wanted) && is_shared(held));
    }
};

/// Which nodes lead to which by chains that can block: a bit for each pair, kept complete while
/// edges are added. No chain is ever taken out.
template <unsigned classes_max>
class OrderReach {
public:
    using N = OrderNodes<classes_max>;

    /// Whether a chain that starts as `wanted` leads to a wait for `held`.
    constexpr bool leads(OrderNode wanted, OrderNode held) const {
        const ClassId target = N::class_of(held);
        return rows_[wanted].has(N::full(target)) ||
               (!N::is_shared(held) && rows_[wanted].has(N::lenient(target)));
    }

    /// Everything of class `outer` leads to everything of class `inner`, as ranks say. Whoever
    /// calls this does so for all pairs: chains are not completed.
    constexpr void seed(ClassId outer, ClassId inner) {
        for (const OrderNode from : {N::full(outer), N::lenient(outer)})
            for (const OrderNode to : {N::full(inner), N::lenient(inner)})
                rows_[from].add(to);
    }

    /// Adds the edge and every chain it completes. Cost: a pass over all rows.
    constexpr void add(OrderNode held, OrderNode wanted) {
        typename N::Set targets = rows_[wanted];
        targets.add(wanted);
        const ClassId from = N::class_of(held);
        for (OrderNode node = 0; node < N::count; ++node) {
            const bool starts = N::class_of(node) == from && N::waits(node, held);
            if (starts || leads(node, held)) rows_[node] |= targets;
        }
    }

private:
    std::array<typename N::Set, N::count> rows_{};
};

}  // namespace lamina::sync
