// include/lamina/sync/blocking_lock.hpp - BlockingLock: what the locks whose waiters sleep share.
#pragma once

#include <cstdint>

#include "lamina/sync/blocking_platform.hpp"
#include "lamina/sync/held_tokens.hpp"
#include "lamina/sync/no_statistics.hpp"
#include "lamina/sync/turnstile.hpp"

namespace lamina::sync {

struct BlockingTuning {
    /// A waiter looks this often for the lock before it sleeps, as long as the owner runs.
    std::uint32_t polls_max;
    /// Who sleeps first in the queue is overtaken at most this often, and once more for each owner
    /// that died.
    std::uint32_t overtakings_max;
};

/// A mutual exclusion lock with an owner, whose waiters sleep in a Turnstile.
///
/// The word has the owner's ThreadId, or 0, and a bit that says somebody sleeps. While the bit is
/// clear the word changes by compare-and-swap alone: 0 to the owner, back, and the bit set beside
/// an owner. While it is set, the word changes only under the turnstile guard, and the queue is not
/// empty.
///
///     | 0                | free                                                          |
///     | owner            | held                                                          |
///     | owner, sleepers  | held, and the turnstile has that owner                        |
///     | sleepers         | free; the first was woken, and whoever comes first may take it |
///
/// **Nobody sleeps through a release**: a waiter sets the bit beside an owner, so that owner's
/// release fails at once to take the short way, waits for the guard and finds the waiter queued.
/// `signal` is cleared under the guard, and `block` compares it once more.
///
/// **Orders**: who makes the word 0 releases, and who takes the lock with the word 0 acquires. All
/// else is handed on with the guard, and the word may be relaxed there.
///
/// **Overtaking**: a release with sleepers frees the lock and wakes the first, and who comes before
/// it has woken takes it; that is faster than handing it to a sleeper. When the first was
/// overtaken `overtakings_max` times, the release hands the lock to it.
///
/// **Inheritance**: see Turnstile. A sleeper's priority goes to the owner, and on along a chain of
/// owners that sleep themselves.
///
/// **A dead owner** (a thread that ended with the lock held): who comes next, or `recover`, takes
/// the lock from it, and `suspect` says so until the new owner has put the data right and calls
/// `declare_sound`. Sleepers notice by `recover` only.
///
/// Needs: the caller may block, holds no spin lock, and does not hold this one.
template <typename Platform, typename Statistics, BlockingTuning tuning>
class BlockingLock {
    static_assert(BlockingPlatform<Platform>,
                  "this lock puts its waiters to sleep, and its platform cannot block");

public:
    constexpr BlockingLock() = default;
    BlockingLock(const BlockingLock&) = delete;
    BlockingLock& operator=(const BlockingLock&) = delete;

    void lock() {
        if (!take_at_once()) [[unlikely]]
            wait(no_deadline);
    }
    /// Whether it was taken. Does not block, and takes nothing from a dead owner.
    [[nodiscard]] bool try_lock() {
        // Relaxed: overtake() looks again.
        return take_at_once() || (word_.load(std::memory_order_relaxed) == sleepers && overtake());
    }
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
        // The caller's own number, not what a load gives: the exchange need not wait for one.
        std::uint32_t expected = Platform::self();
        if (!word_.compare_exchange_strong(expected, 0, std::memory_order_release,
                                           std::memory_order_relaxed)) [[unlikely]]  // [mutex-free]
            release_to_sleepers();
    }

    /// Who holds it, or 0. Relaxed: may have changed, unless it is the caller or one that ended.
    [[nodiscard]] ThreadId owner() const { return owner_in(word_.load(std::memory_order_relaxed)); }
    /// Whether the calling thread holds it.
    [[nodiscard]] bool holds() const { return owner() == Platform::self(); }

    /// Whether an owner died with the lock held, and nobody has declared the data sound since.
    /// Needs: the lock.
    [[nodiscard]] bool suspect() const { return suspect_; }
    void declare_sound() { suspect_ = false; }

    /// If `dead` holds it, frees it as its owner would, with the data suspect; returns whether.
    /// Needs: the thread has ended.
    bool recover(ThreadId dead) {
        Wait* woken = nullptr;
        {
            const Guard guard;
            if (owner() != dead) return false;  // [mutex-recover]
            suspect_ = true;
            woken = release();
        }
        if (woken != nullptr) Platform::wake(woken->signal);
        return true;
    }

    const Statistics& statistics() const { return statistics_; }

private:
    using Stile = Turnstile<Platform>;
    using Guard = typename Stile::Guard;
    using Wait = typename Stile::Wait;

    static constexpr std::uint32_t sleepers = 1U << thread_id_bits;
    static constexpr ThreadId owner_in(std::uint32_t word) { return word & ~sleepers; }

    enum class Turn { taken, too_late, sleep };

    bool take_at_once() {
        std::uint32_t expected = 0;
        if (!word_.compare_exchange_strong(expected, Platform::self(), std::memory_order_acquire,
                                           std::memory_order_relaxed))  // [mutex-take]
            return false;
        statistics_.taken_fast();
        return true;
    }

    [[gnu::noinline]] bool wait(std::uint64_t deadline_ns) {
        const std::uint64_t begun_ns = statistics_.wait_begins();
        const bool taken = poll(deadline_ns) || sleep(deadline_ns);
        statistics_.wait_ends(begun_ns, taken);
        return taken;
    }

    /// Waits awake, as long as that is likely to be short: the owner runs, and nobody sleeps for a
    /// free lock. Returns whether the lock was taken.
    bool poll(std::uint64_t deadline_ns) {
        const ThreadId me = Platform::self();
        for (std::uint32_t polls = 0; polls < tuning.polls_max; ++polls) {
            // Relaxed: looked at again, and then a compare-and-swap follows.
            std::uint32_t seen = word_.load(std::memory_order_relaxed);
            if (seen == 0 &&
                word_.compare_exchange_strong(seen, me, std::memory_order_acquire,
                                              std::memory_order_relaxed))  // [mutex-poll]
                return true;
            const ThreadId owner = owner_in(seen);
            // The owner is the caller when a release has handed it the lock.
            if (owner == 0 || owner == me || !Platform::runs(owner)) return false;
            if (passed<Platform>(deadline_ns)) return false;
            Platform::relax();
        }
        return false;
    }

    bool sleep(std::uint64_t deadline_ns) {
        // A thread that blocks holds no tokens; it has them back before it goes on.
        typename ThreadTokens<Platform>::Released tokens;
        const ThreadId me = Platform::self();
        Wait& mine = Stile::wait_of(me);
        bool queued = false;
        for (;;) {
            Turn turn;
            {
                const Guard guard;
                turn = take_or_queue(me, queued, deadline_ns);
                // Under the guard: a release that comes later finds the signal cleared.
                if (turn == Turn::sleep)
                    mine.signal.store(0, std::memory_order_relaxed);  // [mutex-signal]
            }
            if (turn != Turn::sleep) return turn == Turn::taken;
            queued = true;
            statistics_.blocks();
            Platform::block(mine.signal, 0, deadline_ns);  // [mutex-sleep]
            if (poll(deadline_ns)) return true;
        }
    }

    /// Under the guard: what the word and the queue say the caller does next. A free lock is taken
    /// also after the deadline, so that who was woken for it never leaves it to others asleep.
    Turn take_or_queue(ThreadId me, bool queued, std::uint64_t deadline_ns) {
        Wait& mine = Stile::wait_of(me);
        if (queued && mine.waits_for != &stile_) return Turn::taken;  // handed over [mutex-granted]
        std::uint32_t seen = word_.load(std::memory_order_relaxed);   // [mutex-recheck]
        for (;;) {
            const ThreadId owner = owner_in(seen);
            if (owner == 0 || !Platform::alive(owner)) {
                if ((seen & sleepers) == 0 &&
                    !word_.compare_exchange_strong(seen, me, std::memory_order_acquire,
                                                   std::memory_order_relaxed))  // [mutex-take-free]
                    continue;
                if (owner != 0) suspect_ = true;  // [mutex-suspect]
                if ((seen & sleepers) != 0) take_among_sleepers(me, queued);
                return Turn::taken;
            }
            if (passed<Platform>(deadline_ns)) {
                if (queued) withdraw(mine, owner);
                return Turn::too_late;
            }
            if (queued) return Turn::sleep;
            if ((seen & sleepers) == 0 &&
                !word_.compare_exchange_strong(seen, seen | sleepers, std::memory_order_relaxed,
                                               std::memory_order_relaxed))  // [mutex-announce]
                continue;
            const bool raised = stile_.enqueue(me);
            if ((seen & sleepers) == 0 ? stile_.set_owner(owner) : raised) statistics_.lends();
            return Turn::sleep;
        }
    }

    /// Takes the lock before those that sleep, if it is still free.
    [[gnu::noinline]] bool overtake() {
        const Guard guard;
        if (word_.load(std::memory_order_relaxed) != sleepers) return false;  // [mutex-try]
        take_among_sleepers(Platform::self(), false);
        statistics_.taken_fast();
        return true;
    }

    /// Under the guard, the lock free or its owner dead: makes `me` its owner.
    void take_among_sleepers(ThreadId me, bool queued) {
        Wait& mine = Stile::wait_of(me);
        Wait& first = *stile_.first();
        // Those behind the first are not overtaken: it is not their turn yet.
        if (&first != &mine) first.overtaken += 1;  // [mutex-overtake]
        if (queued) stile_.remove(mine);
        own(me);
    }

    /// Under the guard: the word and the turnstile name `thread` as the owner, if somebody sleeps.
    void own(ThreadId thread) {
        const bool some_sleep = stile_.first() != nullptr;
        // Relaxed: who becomes the owner has the guard, or takes it to see this.
        word_.store(thread | (some_sleep ? sleepers : 0), std::memory_order_relaxed);
        if (stile_.set_owner(some_sleep ? thread : 0)) statistics_.lends();
    }

    /// Under the guard, the lock held: the deadline has passed.
    void withdraw(Wait& mine, ThreadId owner) {
        stile_.remove(mine);  // [mutex-withdraw]
        if (stile_.first() != nullptr) return;
        stile_.set_owner(0);
        word_.store(owner, std::memory_order_relaxed);  // [mutex-last]
    }

    [[gnu::noinline]] void release_to_sleepers() {
        Wait* woken = nullptr;
        {
            const Guard guard;
            woken = release();
        }
        if (woken != nullptr) Platform::wake(woken->signal);  // [mutex-wake]
    }

    /// Under the guard: frees the lock, or hands it to the first that sleeps. Returns who must be
    /// woken, if anybody.
    Wait* release() {
        if (stile_.first() == nullptr) {
            // Who set the bit has given up before the guard was free.
            word_.store(0, std::memory_order_release);  // [mutex-nobody]
            return nullptr;
        }
        Wait& first = *stile_.first();
        if (first.overtaken >= tuning.overtakings_max) {  // [mutex-hand-over]
            stile_.remove(first);
            own(first.thread);
        } else {
            stile_.set_owner(0);
            // Relaxed: with the bit set the lock is taken under the guard only.
            word_.store(sleepers, std::memory_order_relaxed);
        }
        return rouse(first);
    }

    /// The thread, if it sleeps and so must be woken after the guard is released.
    static Wait* rouse(Wait& wait) {
        // Relaxed: the data goes with the guard, and who misses the 1 is asleep when `wake` comes.
        return wait.signal.exchange(1, std::memory_order_relaxed) == 0  // [mutex-rouse]
                   ? &wait
                   : nullptr;
    }

    typename Platform::template Atomic<std::uint32_t> word_{0};
    bool suspect_ = false;
    Stile stile_;
    [[no_unique_address]] Statistics statistics_;
};

}  // namespace lamina::sync
