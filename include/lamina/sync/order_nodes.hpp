// include/lamina/sync/order_nodes.hpp - the nodes of the lock graph: how classes are held and
// wanted.
#pragma once

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

}  // namespace lamina::sync
