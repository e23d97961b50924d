// include/lamina/sync/order_reach.hpp - OrderReach: which nodes of the lock graph lead to which.
#pragma once

#include <array>

#include "lamina/sync/order_nodes.hpp"

namespace lamina::sync {

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
