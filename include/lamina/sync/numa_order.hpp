// include/lamina/sync/numa_order.hpp - NumaOrder: waiters of the own NUMA node go first.
#pragma once

#include <cstdint>

#include "lamina/sync/platform.hpp"
#include "lamina/sync/spin_queue.hpp"

namespace lamina::sync {

/// What a place has for it. All but `numa` is handed from head to head, and touched by nobody else.
template <typename Node>
struct NumaAside {
    std::uint32_t numa = 0;       ///< The NUMA node of the one who waits.
    std::uint32_t preferred = 0;  ///< How many were preferred to the first of those set aside.
    // Those set aside because they are on another NUMA node, linked by `next`; the last one's is
    // null.
    Node* first = nullptr;
    Node* last = nullptr;

    void begin() {
        numa = Node::Platform::node();
        preferred = 0;
        first = last = nullptr;
    }
};

template <SpinPlatform Platform>
using SpinQueue = PlaceQueue<Platform, NumaAside>;

/// The order in which waiters have a SpinCore (after Dice and Kogan 2019): the successor is the
/// next waiter of the same NUMA node; those before it are set aside. When `preferred_max` were
/// preferred to the first of those, or none of the own node is found among `search_max`, those set
/// aside go on, in their order.
template <SpinPlatform Platform, std::uint32_t preferred_max, std::uint32_t search_max>
struct NumaOrder {
    using Queue = SpinQueue<Platform>;
    using Node = typename Queue::Node;

    /// Who is first after `from`, whose next is `next`, and has those set aside; the one who had
    /// the turn is on node `numa`.
    static Node* successor(Node& from, Node& next, std::uint32_t numa) {
        Node* const aside = from.aside.first;
        Node* const preferred =  // [spin-prefer]
            from.aside.preferred < preferred_max || aside == nullptr ? prefer(from, next, numa)
                                                                     : nullptr;
        if (preferred != nullptr) return preferred;
        if (aside == nullptr) return &next;
        // Relaxed: read by those only who are first later, and [spin-pass] shows it to them.
        from.aside.last->next.store(&next, std::memory_order_relaxed);  // [spin-aside]
        return aside;
    }

private:
    /// The first waiter from `next` on that is of the node `numa`, with those before it set aside;
    /// null if the search finds none.
    static Node* prefer(Node& from, Node& next, std::uint32_t numa) {
        Node* before = nullptr;
        Node* found = &next;
        for (std::uint32_t searched = 1; found->aside.numa != numa; ++searched) {
            Node* const behind = found->next.load(std::memory_order_acquire);  // [spin-behind]
            if (behind == nullptr || searched == search_max) return nullptr;
            before = found;
            found = behind;
        }
        found->aside.first = from.aside.first;
        found->aside.last = from.aside.last;
        if (before != nullptr) {
            before->next.store(nullptr, std::memory_order_relaxed);  // [spin-set-aside]
            if (from.aside.last != nullptr)
                // Relaxed: read by those only who are first later, as in successor().
                from.aside.last->next.store(&next, std::memory_order_relaxed);
            else
                found->aside.first = &next;
            found->aside.last = before;
        }
        found->aside.preferred = found->aside.first != nullptr ? from.aside.preferred + 1 : 0;
        return found;
    }
};

}  // namespace lamina::sync
