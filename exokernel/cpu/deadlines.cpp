// exokernel/cpu/deadlines.cpp - joining the two halves of a heap, which is all that it does.
#include "exokernel/cpu/deadlines.hpp"

#include <utility>

#include "exokernel/core/panic.hpp"

namespace exo {
namespace {

std::uint32_t depth_of(const Deadline* node) { return node != nullptr ? node->depth : 0; }

/// Brings the longer way of a node to the left. Whether its depth has changed.
bool settle(Deadline& node) {
    if (depth_of(node.left) < depth_of(node.right)) std::swap(node.left, node.right);
    const std::uint32_t depth = depth_of(node.right) + 1;
    return std::exchange(node.depth, depth) != depth;
}

/// One heap of two. It goes down their rightmost ways only, and calls itself as often.
Deadline* join(Deadline* one, Deadline* other) {
    if (one == nullptr) return other;
    if (other == nullptr) return one;
    if (other->at_ns < one->at_ns) std::swap(one, other);
    one->right = join(one->right, other);
    one->right->above = one;
    settle(*one);
    return one;
}

}  // namespace

void Deadlines::add(Deadline& deadline, std::uint64_t at_ns) {
    LAMINA_ASSERT(deadline.queue == nullptr);
    deadline.at_ns = at_ns;
    deadline.queue = this;
    deadline.left = deadline.right = nullptr;
    deadline.depth = 1;
    first_ = join(first_, &deadline);
    first_->above = nullptr;
}

void Deadline::cancel() {
    if (queue == nullptr) return;
    Deadline* const below = join(left, right);
    if (below != nullptr) below->above = above;
    (above == nullptr ? queue->first_ : above->left == this ? above->left : above->right) = below;
    queue = nullptr;
    // Depths above can only shrink, each to that of a right way: O(log n) of them.
    for (Deadline* node = above; node != nullptr && settle(*node);)
        node = node->above;
}

Deadline* Deadlines::take_due(std::uint64_t now_ns) {
    if (now_ns < nearest()) return nullptr;
    Deadline* const due = first_;
    if (due != nullptr) due->cancel();
    return due;
}

}  // namespace exo
