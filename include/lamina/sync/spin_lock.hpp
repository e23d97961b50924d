// include/lamina/sync/spin_lock.hpp - SpinLock: one word, a queue of waiters, NUMA-aware.
#pragma once

#include <cstdint>

#include "lamina/sync/lock_traits.hpp"
#include "lamina/sync/no_statistics.hpp"
#include "lamina/sync/platform.hpp"
#include "lamina/sync/spin_queue.hpp"

namespace lamina::sync {

/// The bounds of a SpinLock's fairness.
struct SpinTuning {
    /// A waiter in the queue looks this often for its turn before it tries to overtake.
    std::uint32_t polls_before_overtaking = 256;
    /// Who is first in the queue is overtaken at most this often; below 1 << 24. The default is
    /// about as many short holds as fit into the time slice for which a virtual CPU may be away.
    std::uint32_t overtakings_max = 1 << 16;
    /// At most this many waiters of one NUMA node are preferred to one of another.
    std::uint32_t preferred_max = 64;
    /// The search for a waiter of the own NUMA node looks at this many.
    std::uint32_t search_max = 16;
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
/// zero byte, whether or not somebody waits. Waiters spin each on a place of its own (SpinQueue),
/// only the first of them on the word. Having taken the lock, the first makes its successor the
/// first; being first is passed on apart from the lock, so a waiter that gives up can do it too.
///
/// **NUMA** (after Dice and Kogan 2019): the successor is the next waiter of the same NUMA node;
/// those before it are set aside. When `preferred_max` were preferred to the first of those, or
/// none of the own node is found, those set aside go on, in their order.
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
/// interrupt it and take the same lock (`lock_masked`). Cost: 5 instructions without a wait.
template <SpinPlatform Platform, typename Statistics = NoStatistics, SpinTuning tuning = {}>
class SpinLock {
public:
    static_assert(tuning.overtakings_max < 1 << 24, "the count has 24 bits");

    constexpr SpinLock() = default;
    SpinLock(const SpinLock&) = delete;
    SpinLock& operator=(const SpinLock&) = delete;

    void lock() {
        if (!take_at_once()) [[unlikely]]
            wait(no_deadline);
    }
    /// Whether it was taken. False also if it is free, but others wait.
    [[nodiscard]] bool try_lock() { return take_at_once(); }
    /// Whether it was taken before the deadline (ns of Platform::now()).
    [[nodiscard]] bool lock_until(std::uint64_t deadline_ns) {
        if (take_at_once()) [[likely]]
            return true;
        return wait(deadline_ns);
    }
    [[nodiscard]] bool lock_for(std::uint64_t duration_ns) {
        return lock_until(deadline_after<Platform>(duration_ns));
    }
    void unlock() {
        statistics_.releases();
        word_.store_low_byte(0);  // [spin-release]
    }

    /// Masks interrupts, then locks. The result goes to `unlock_masked`.
    [[nodiscard]] typename Platform::InterruptState lock_masked() {
        const auto state = Platform::mask_interrupts();
        lock();
        return state;
    }
    void unlock_masked(typename Platform::InterruptState state) {
        unlock();
        Platform::restore_interrupts(state);
    }

    /// Whether somebody held it at the moment of the call.
    [[nodiscard]] bool is_locked() const {
        // Relaxed: what it says may have changed when it is read.
        return (word_.load(std::memory_order_relaxed) & held_byte) != 0;
    }
    const Statistics& statistics() const { return statistics_; }

private:
    using Queue = SpinQueue<Platform>;
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

    bool take_at_once() {
        Word expected = 0;
        if (!word_.compare_exchange_strong(expected, held, std::memory_order_acquire,
                                           std::memory_order_relaxed))  // [spin-take]
            return false;
        statistics_.taken_fast();
        return true;
    }

    [[gnu::noinline]] bool wait(std::uint64_t deadline_ns) {
        const std::uint64_t begun_ns = statistics_.wait_begins();
        // Where the first was overtaken already it does not run, and nobody needs to queue to see
        // it. Relaxed: only a hint.
        bool taken = (word_.load(std::memory_order_relaxed) & overtakings) != 0 && overtake();
        if (!taken) {
            Node* const mine = Queue::claim();
            taken = mine != nullptr ? wait_in_queue(*mine, deadline_ns) : wait_outside(deadline_ns);
        }
        statistics_.wait_ends(begun_ns, taken);
        return taken;
    }

    bool wait_in_queue(Node& mine, std::uint64_t deadline_ns) {
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
                mine, (seen & overtakings) != 0 ? 0 : tuning.polls_before_overtaking, deadline_ns);
            if (outcome != Outcome::first) return outcome == Outcome::taken;
        }
        return wait_as_first(mine, deadline_ns);
    }

    /// Waits until those before have gone; after `patience` polls also for the lock itself.
    Outcome wait_for_turn(Node& mine, std::uint32_t patience, std::uint64_t deadline_ns) {
        for (std::uint32_t polls = 0;; ++polls) {
            if (mine.place.load(std::memory_order_acquire) == Place::head)  // [spin-turn]
                return Outcome::first;
            // `polls` may wrap round: then the patience begins anew.
            if (polls >= patience && overtake()) {
                leave(mine);
                return Outcome::taken;
            }
            if (passed<Platform>(deadline_ns)) {
                leave(mine);
                return Outcome::too_late;
            }
            Platform::relax();
        }
    }

    /// Waits for the holder, as the first in the queue. Nobody else ends the queue at this place.
    bool wait_as_first(Node& mine, std::uint64_t deadline_ns) {
        // Relaxed: looked at again, and then a compare-and-swap follows.
        Word seen = word_.load(std::memory_order_relaxed);
        for (;;) {
            if ((seen & held_byte) == 0) {
                const bool alone =  // [spin-alone]
                    tail_in(seen) == tail_for(mine) && mine.aside_first == nullptr;
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
            if (passed<Platform>(deadline_ns)) {
                pass_turn(mine);
                return false;
            }
            Platform::relax();
            seen = word_.load(std::memory_order_relaxed);  // Relaxed, as above.
        }
    }

    /// Spins without a place.
    bool wait_outside(std::uint64_t deadline_ns) {
        while (!overtake()) {
            if (passed<Platform>(deadline_ns)) return false;
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
        if (seen != 0 && (seen & overtakings) == tuning.overtakings_max * one_overtaking)
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
        const std::uint32_t numa = mine.numa;
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
        Node* const aside = from.aside_first;
        Node* next = from.next.load(std::memory_order_acquire);  // [spin-next]
        if (next == nullptr) {
            // The queue ends here, or goes on with those set aside.
            if (replace_tail(from, from.aside_last)) return aside;
            // A newcomer has put its tag into the word and is about to link its place.
            while ((next = from.next.load(std::memory_order_acquire)) == nullptr)  // [spin-linked]
                Platform::relax();
        }
        Node* const preferred =  // [spin-prefer]
            from.preferred < tuning.preferred_max || aside == nullptr ? prefer(from, *next, numa)
                                                                      : nullptr;
        if (preferred != nullptr) return preferred;
        if (aside == nullptr) return next;
        // Relaxed: read by those only who are first later, and [spin-pass] shows it to them.
        from.aside_last->next.store(next, std::memory_order_relaxed);  // [spin-aside]
        return aside;
    }

    /// The first waiter from `next` on that is of the node `numa`, with those before it set aside;
    /// null if the search finds none.
    static Node* prefer(Node& from, Node& next, std::uint32_t numa) {
        Node* before = nullptr;
        Node* found = &next;
        for (std::uint32_t searched = 1; found->numa != numa; ++searched) {
            Node* const behind = found->next.load(std::memory_order_acquire);  // [spin-behind]
            if (behind == nullptr || searched == tuning.search_max) return nullptr;
            before = found;
            found = behind;
        }
        found->aside_first = from.aside_first;
        found->aside_last = from.aside_last;
        if (before != nullptr) {
            before->next.store(nullptr, std::memory_order_relaxed);  // [spin-set-aside]
            if (from.aside_last != nullptr)
                // Relaxed: read by those only who are first later, as in take_out().
                from.aside_last->next.store(&next, std::memory_order_relaxed);
            else
                found->aside_first = &next;
            found->aside_last = before;
        }
        found->preferred = found->aside_first != nullptr ? from.preferred + 1 : 0;
        return found;
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
    [[no_unique_address]] Statistics statistics_;
};

template <typename Platform, typename Statistics, SpinTuning tuning>
struct LockTraits<SpinLock<Platform, Statistics, tuning>> : TraitsOf<WaitKind::spins> {};

}  // namespace lamina::sync
