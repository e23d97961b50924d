// exokernel/cpu/deadlines.hpp - Deadlines: what is due at which time, the earliest first.
#pragma once

#include <cstdint>

#include "lamina/syscalls.hpp"

namespace exo {

class Deadlines;
struct Vcpu;

/// A time at which something is due for a vCPU, in at most one queue.
struct Deadline {
    std::uint64_t at_ns;
    Vcpu* vcpu;
    Deadlines* queue;  ///< Null: it is in none.
    // Of the heap: the nodes around it, and how many nodes the shortest way down to a gap has.
    Deadline* above;
    Deadline* left;
    Deadline* right;
    std::uint32_t depth;

    /// Takes it out of its queue, if it is in one. Cost: O(log n).
    void cancel();
};

/// A leftist heap, whose nodes are the deadlines themselves, so that it has no limit: no node is
/// earlier than the one above it, and the way to a gap is never longer on the right than on the
/// left. So the rightmost way down has at most log2(n) nodes, and only that is ever walked.
class Deadlines {
public:
    /// Needs: the deadline is in no queue. Cost: O(log n).
    void add(Deadline& deadline, std::uint64_t at_ns);
    /// Takes the earliest out if it is at or before `now_ns`; else null. Cost: O(log n).
    Deadline* take_due(std::uint64_t now_ns);
    /// The time of the earliest; lamina::wait_forever if there is none.
    std::uint64_t nearest() const { return first_ ? first_->at_ns : lamina::wait_forever; }

private:
    friend struct Deadline;
    Deadline* first_ = nullptr;
};

}  // namespace exo
