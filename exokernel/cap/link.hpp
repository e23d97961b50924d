// exokernel/cap/link.hpp - Link: a place in a ring of capabilities and mapped pages.
#pragma once

namespace exo {

/// A ring of links, doubly linked: head <-> oldest <-> ... <-> youngest <-> head. A ring may lose
/// its head and go on without one. All operations take O(1).
struct Link {
    Link* next = nullptr;
    Link* previous = nullptr;

    /// Makes this a ring of its own.
    void close() { next = previous = this; }
    /// Whether it is the only one of its ring.
    bool alone() const { return next == this; }

    /// Enters the ring of `head` as its youngest.
    void join(Link& head) {
        next = &head;
        previous = head.previous;
        previous->next = this;
        head.previous = this;
    }

    /// Leaves the ring; its own links keep their old values.
    void leave() {
        previous->next = next;
        next->previous = previous;
    }

    /// Takes the place of `old`, which leaves its ring.
    void replace(Link& old) {
        if (old.alone()) return close();
        next = old.next;
        previous = old.previous;
        next->previous = previous->next = this;
    }

    /// The others of the ring of `head` take the place of this one, which leaves its ring; `head`
    /// is alone after. If this one was alone they are left as a ring without a head.
    void give_way_to(Link& head) {
        if (head.alone()) [[likely]]
            return leave();
        if (alone()) {
            head.leave();
            return head.close();
        }
        head.next->previous = previous;
        head.previous->next = next;
        previous->next = head.next;
        next->previous = head.previous;
        head.close();
    }
};

}  // namespace exo
