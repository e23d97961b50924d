// include/lamina/sync/spin_core.hpp - SpinCore: a lock of one word, with a queue of waiters.
#pragma once

#include <cstdint>

#include "lamina/sync/spin_queue.hpp"

namespace lamina::sync {

/// The bounds of overtaking.
struct SpinPatience {
    /// A waiter in the queue looks this often for its turn before it tries to overtake.
    std::uint32_t polls_before_overtaking = 256;
    /// Who is first in the queue is overtaken at most this often; below 1 << 24. The default is
    /// about as many short holds as fit into the time slice for which a virtual CPU may be away.
    std::uint32_t overtakings_max = 1 << 16;
};

/// The order in which waiters have the lock: that in which they came.
template <CorePlatform Platform>
struct InOrder {
    using Queue = PlaceQueue<Platform>;
    using Node = typename Queue::Node;

    /// Who is first after `from`, whose next is `next`; the one who had the turn is on node `numa`.
    static Node* successor(Node& /*from*/, Node& next, std::uint32_t /*numa*/) { return &next; }
};

/// A deadline that never comes.
struct Never {
    static constexpr bool passed() { return false; }
};

/// A mutual exclusion lock whose waiters spin, in a queue (after Mellor-Crummey and Scott 1991).
///
/// The word, from its lowest bit: a byte that says the lock is held, three that count how often the
/// first in the queue was overtaken, and in four the tag of the last place in the queue, or 0.
///
///     | 0                 | free, nobody waits                                  |
///     | held              | held, nobody waits                                  |
///     | held, tail        | held, some wait                                     |
///     | tail              | free, and the first in the queue has yet to take it |
///     | an overtaking count without a tail                    never             |
///
/// To take it at once is one compare-and-swap of 0 for `held`; to release it is a plain store of a
/// zero byte, whether or not somebody waits. Waiters spin each on a place of its own (PlaceQueue),
/// only the first of them on the word. Having taken the lock, the first makes its successor the
/// first; being first is passed on apart from the lock, so a waiter that gives up can do it too.
///
/// **Who comes next** `Order` says: the next that waits (InOrder), or one of the same NUMA node
/// (NumaOrder), which sets those before it aside.
///
/// **More CPUs than real ones.** The next in a queue may be a virtual CPU that does not run, and a
/// strict queue then stands still until it does. So a waiter that has looked
/// `polls_before_overtaking` times for its turn also looks at the lock, and takes it if it is free.
/// It leaves its place behind; the queue steps over it. Who comes after an overtaking has no
/// patience until the first has taken the lock after all. The word counts overtakings: at
/// `overtakings_max` only the first may take the lock. So nobody is overtaken more often than that
/// while first, and in the worst case the lock stands still for one time slice in that many holds.
/// Two waits for one certain CPU remain: all wait for the holder, and who passes being first on
/// waits for a newcomer that has put its tag into the word and not yet linked its place, which is
/// two instructions.
///
/// A waiter without a place (more than four waits nested on one slot, or places left behind) spins
/// on the word and may overtake as others do; no bound holds for itself.
///
/// Needs: the caller does not hold it, stays on its slot until it is released, and masks what could
/// interrupt it and take the same lock. Cost: 5 instructions without a wait.
template <CorePlatform Platform, typename Order = InOrder<Platform>, SpinPatience bounds = {}>
class SpinCore {
public:
    static_assert(bounds.overtakings_max < 1 << 24, "the count has 24 bits");

    constexpr SpinCore() = default;
    SpinCore(const SpinCore&) = delete;
    SpinCore& operator=(const SpinCore&) = delete;

    void lock() {
        if (!try_lock()) [[unlikely]]
            wait(Never{});
    }
    /// Whether it was taken. False also if it is free, but others wait.
    [[nodiscard]] bool try_lock() {
        Word expected = 0;
        return word_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                             std::memory_order_relaxed);  // [spin-take]
    }
    void unlock() {
        word_.store_low_byte(0);  // [spin-release]
    }

protected:
    /// Whether somebody held it at the moment of the call.
    [[nodiscard]] bool is_locked() const {
        // Relaxed: what it says may have changed when it is read.
        return (word_.load(std::memory_order_relaxed) & held_byte) != 0;
    }

    /// Waits for the lock. `deadline.passed()`: whether to give up; false then.
    [[gnu::noinline]] bool wait(auto deadline) {
        // Where the first was overtaken already it does not run, and nobody needs to queue to see
        // it. Relaxed: only a hint.
        if ((word_.load(std::memory_order_relaxed) & overtakings) != 0 && overtake()) return true;
        Node* const mine = Queue::claim();
        return mine != nullptr ? wait_in_queue(*mine, deadline) : wait_outside(deadline);
    }

private:
    using Queue = typename Order::Queue;
    using Node = typename Queue::Node;

    using Word = std::uint64_t;
    static constexpr Word held = 1;
    static constexpr Word held_byte = 0xff;
    static constexpr Word one_overtaking = 0x100;
    static constexpr Word overtakings = 0xffff'ff00;
    static constexpr unsigned tail_shift = 32;

    enum class Outcome { first, taken, too_late };

    static Word tail_for(const Node& node) { return Word{Queue::tag_of(node)} << tail_shift; }
    static Word tail_in(Word word) { return word & ~(held_byte | overtakings); }

    bool wait_in_queue(Node& mine, auto deadline) {
        // Relaxed, here and below: a compare-and-swap follows, which sees the latest.
        Word seen = word_.load(std::memory_order_relaxed);
        for (;;) {
            const Word wanted =
                seen == 0 ? held : (seen & (held_byte | overtakings)) | tail_for(mine);
            // Release: who finds this place by its tag sees that its link was cleared. Acquire: the
            // same of the place before, and the data if the lock is free.
            if (word_.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel,
                                            std::memory_order_relaxed))  // [spin-enqueue]
                break;
        }
        if (seen == 0) {
            // Relaxed: nobody else has seen the place, and who claims it next is of this slot.
            mine.place.store(Place::free, std::memory_order_relaxed);
            return true;
        }
        if (const Word before = tail_in(seen); before != 0) {
            Queue::node_of(std::uint32_t(before >> tail_shift))
                .next.store(&mine, std::memory_order_release);  // [spin-link]
            const Outcome outcome = wait_for_turn(
                mine, (seen & overtakings) != 0 ? 0 : bounds.polls_before_overtaking, deadline);
            if (outcome != Outcome::first) return outcome == Outcome::taken;
        }
        return wait_as_first(mine, deadline);
    }

    /// Waits until those before have gone; after `patience` polls also for the lock itself.
    Outcome wait_for_turn(Node& mine, std::uint32_t patience, auto deadline) {
        for (std::uint32_t polls = 0;; ++polls) {
            if (mine.place.load(std::memory_order_acquire) == Place::head)  // [spin-turn]
                return Outcome::first;
            // `polls` may wrap round: then the patience begins anew.
            if (polls >= patience && overtake()) {
                leave(mine);
                return Outcome::taken;
            }
            if (deadline.passed()) {
                leave(mine);
                return Outcome::too_late;
            }
            Platform::relax();
        }
    }

    /// Waits for the holder, as the first in the queue. Nobody else ends the queue at this place.
    bool wait_as_first(Node& mine, auto deadline) {
        // Relaxed: looked at again, and then a compare-and-swap follows.
        Word seen = word_.load(std::memory_order_relaxed);
        for (;;) {
            if ((seen & held_byte) == 0) {
                const bool alone =  // [spin-alone]
                    tail_in(seen) == tail_for(mine) && mine.aside.first == nullptr;
                // The count of overtakings starts again, for the next that is first.
                const Word wanted = held | (alone ? 0 : tail_in(seen));
                if (!word_.compare_exchange_strong(seen, wanted, std::memory_order_acquire,
                                                   std::memory_order_relaxed))  // [spin-first]
                    continue;
                if (alone)
                    // Relaxed: nobody comes to the place, and who claims it next is of this slot.
                    mine.place.store(Place::free, std::memory_order_relaxed);
                else
                    pass_turn(mine);
                return true;
            }
            if (deadline.passed()) {
                pass_turn(mine);
                return false;
            }
            Platform::relax();
            seen = word_.load(std::memory_order_relaxed);  // Relaxed, as above.
        }
    }

    /// Spins without a place.
    bool wait_outside(auto deadline) {
        while (!overtake()) {
            if (deadline.passed()) return false;
            Platform::relax();
        }
        return true;
    }

    /// Takes the lock before those in the queue, if it is free and they have not been overtaken too
    /// often.
    bool overtake() {
        // Relaxed: a compare-and-swap follows.
        Word seen = word_.load(std::memory_order_relaxed);
        if ((seen & held_byte) != 0) return false;
        // With nobody in the queue nobody is overtaken.
        if (seen != 0 && (seen & overtakings) == bounds.overtakings_max * one_overtaking)
            return false;
        const Word wanted = (seen | held) + (seen != 0 ? one_overtaking : 0);
        return word_.compare_exchange_strong(seen, wanted, std::memory_order_acquire,
                                             std::memory_order_relaxed);  // [spin-overtake]
    }

    /// Gives up a place that waits. If it was made the first at that moment, the next one is.
    void leave(Node& mine) {
        Place expected = Place::waiting;
        // Relaxed if it is left: nothing was written here that the link did not make seen.
        if (!mine.place.compare_exchange_strong(expected, Place::left, std::memory_order_relaxed,
                                                std::memory_order_acquire))  // [spin-leave]
            pass_turn(mine);
    }

    /// Makes the successor of `mine`, which is first, the first, and frees `mine`; over and over
    /// while nobody waits at the successor's place any more.
    void pass_turn(Node& mine) {
        const std::uint32_t numa = mine.aside.numa;
        Node* from = &mine;
        for (;;) {
            Node* const to = take_out(*from, numa);
            // From here on nobody can come to `from`.
            from->place.store(Place::free, std::memory_order_release);  // [spin-free]
            if (to == nullptr) return;
            Place expected = Place::waiting;
            // Relaxed if it was left: who did that wrote nothing here since it linked the place.
            if (to->place.compare_exchange_strong(expected, Place::head, std::memory_order_release,
                                                  std::memory_order_relaxed))  // [spin-pass]
                return;
            from = to;
        }
    }

    /// Takes `from`, the first, out of the queue, and gives those set aside to its successor, which
    /// is the result; null if nobody is left.
    Node* take_out(Node& from, std::uint32_t numa) {
        Node* next = from.next.load(std::memory_order_acquire);  // [spin-next]
        if (next == nullptr) {
            // The queue ends here, or goes on with those set aside.
            if (replace_tail(from, from.aside.last)) return from.aside.first;
            // A newcomer has put its tag into the word and is about to link its place.
            while ((next = from.next.load(std::memory_order_acquire)) == nullptr)  // [spin-linked]
                Platform::relax();
        }
        return Order::successor(from, *next, numa);
    }

    /// If the queue ends at `from`: lets it end at `last` instead, or with null be empty.
    bool replace_tail(const Node& from, const Node* last) {
        // Relaxed: at least as new as the tag of `from`, whose link or turn was seen.
        Word seen = word_.load(std::memory_order_relaxed);
        while (tail_in(seen) == tail_for(from)) {
            const Word wanted = last != nullptr
                                    ? (seen & (held_byte | overtakings)) | tail_for(*last)
                                    : seen & held_byte;
            // Release: who queues behind `last` sees that its link was cleared.
            if (word_.compare_exchange_weak(seen, wanted, std::memory_order_release,
                                            std::memory_order_relaxed))  // [spin-close]
                return true;
        }
        return false;
    }

    typename Platform::template Atomic<Word> word_{0};
};

}  // namespace lamina::sync
