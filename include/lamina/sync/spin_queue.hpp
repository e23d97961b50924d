// include/lamina/sync/spin_queue.hpp - the places in the queues of spin locks, a few for each slot.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lamina/sync/core_platform.hpp"

namespace lamina::sync {

/// What a place in a queue is to the one who waits in it.
enum class Place : std::uint32_t {
    free,     ///< in no queue
    waiting,  ///< in a queue; somebody is before it
    head,     ///< first in its queue: the next to take the lock
    left,     ///< in a queue still, but nobody waits here any more; whoever comes to it frees it
};

/// One place. `place` goes free -> waiting -> head -> free, or free -> waiting -> left -> free; the
/// two steps out of `waiting` are compare-and-swaps, so that one of them wins.
template <CorePlatform PlatformType, template <typename> typename Aside>
struct alignas(64) QueueNode {
    using Platform = PlatformType;
    template <typename T>
    using Atomic = typename Platform::template Atomic<T>;

    Atomic<Place> place{Place::free};
    /// The place behind, written once by the one who queues there.
    Atomic<QueueNode*> next{nullptr};
    /// Those set aside, at the head of the queue.
    [[no_unique_address]] Aside<QueueNode> aside;
};

/// In the order in which they came: nobody is set aside.
template <typename Node>
struct NobodyAside {
    static constexpr std::uint32_t numa = 0;
    static constexpr Node* first = nullptr;
    static constexpr Node* last = nullptr;
    static void begin() {}
};

/// All places of a platform, in static memory: each slot has as many as waits may nest on it (a
/// CPU's program, its interrupt, its NMI, its machine check), less the ones it left that nobody has
/// come to yet.
template <CorePlatform Platform, template <typename> typename Aside = NobodyAside>
class PlaceQueue {
public:
    using Node = QueueNode<Platform, Aside>;
    static constexpr std::size_t nodes_per_slot = 4;
    static_assert(Platform::slots_max <= 1U << thread_slot_bits);

    /// A free place of the calling slot, made `waiting`; null if it has none.
    static Node* claim() {
        const std::uint32_t slot = Platform::slot();
        if (slot == no_slot) return nullptr;
        for (std::size_t i = 0; i < nodes_per_slot; ++i) {
            Node& node = nodes_[slot * nodes_per_slot + i];
            Place expected = Place::free;
            // A compare-and-swap: an interrupt may claim between a test and a store. Acquire: who
            // freed the place is done with it.
            if (node.place.compare_exchange_strong(expected, Place::waiting,
                                                   std::memory_order_acquire,
                                                   std::memory_order_relaxed)) {  // [spin-claim]
                // Relaxed: nobody comes here before the place is in a queue.
                node.next.store(nullptr, std::memory_order_relaxed);
                node.aside.begin();
                return &node;
            }
        }
        return nullptr;
    }

    /// The number of a place in a lock word: 1 and up.
    static std::uint32_t tag_of(const Node& node) { return 1 + std::uint32_t(&node - &nodes_[0]); }
    static Node& node_of(std::uint32_t tag) { return nodes_[tag - 1]; }

private:
    static inline constinit std::array<Node, Platform::slots_max * nodes_per_slot> nodes_{};
};

}  // namespace lamina::sync
