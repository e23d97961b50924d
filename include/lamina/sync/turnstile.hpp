// include/lamina/sync/turnstile.hpp - Turnstile: who sleeps for a lock, and whom that makes urgent.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "lamina/sync/blocking_platform.hpp"
#include "lamina/sync/spin_lock.hpp"

namespace lamina::sync {

template <typename Platform>
class Turnstile;

/// What the library keeps of a thread: for what it waits, and who waits for it. In static memory,
/// one for each slot: who wakes a thread may touch this after the thread has gone on, or ended.
template <typename Platform>
struct ThreadWait {
    /// 0 while the thread sleeps or is about to; who wakes it stores 1.
    typename Platform::template Atomic<std::uint32_t> signal{0};

    // Guarded by the turnstile guard.
    ThreadId thread = 0;                       ///< who has the slot
    Turnstile<Platform>* waits_for = nullptr;  ///< in whose queue it is
    ThreadWait* behind = nullptr;              ///< the next in that queue
    std::uint32_t priority = 0;                ///< that it waits with
    std::uint32_t overtaken = 0;               ///< times another took the lock while it was first
    Turnstile<Platform>* owes = nullptr;       ///< what it holds and others sleep for, linked
    std::uint32_t lent = 0;                    ///< the highest priority among those
};

/// The sleepers of one lock, the most urgent first, those of equal priority in the order in which
/// they came; and the loans of priority between threads (Sha, Rajkumar and Lehoczky 1990).
///
///     thread --waits_for--> turnstile --owner--> thread --waits_for--> turnstile ...
///       ^                      |  ^                |
///       +----first, behind-----+  +--owes, next----+
///
/// Legal: a thread is in the queue of `waits_for` and in no other; a turnstile is among what its
/// owner owes, and has an owner only while somebody sleeps; a thread is lent the highest priority
/// of all who sleep for what it owes, and waits itself with at least that. Illegal: everything
/// else.
///
/// All turnstiles of a platform are guarded by one spin lock (Guard), as chains go across locks. It
/// is taken only where a thread sleeps or is woken. Needs for each function but Guard's: the guard.
template <typename Platform>
class Turnstile {
public:
    using Wait = ThreadWait<Platform>;

    /// Holds the guard, with interrupts masked.
    class Guard {
    public:
        Guard() : state_(lock_.lock_masked()) {}  // [turnstile-guard]
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;
        ~Guard() { lock_.unlock_masked(state_); }  // [turnstile-unguard]

    private:
        static inline constinit SpinLock<Platform> lock_;
        typename Platform::InterruptState state_;
    };

    static Wait& wait_of(ThreadId thread) { return waits_[slot_of(thread)]; }

    Wait* first() const { return first_; }

    /// Puts a thread in the queue. Returns whether it lent its priority to the owner.
    bool enqueue(ThreadId thread) {
        Wait& wait = wait_of(thread);
        wait.thread = thread;
        wait.waits_for = this;
        wait.overtaken = 0;
        wait.priority = std::max(Platform::priority(thread), wait.lent);
        insert(wait);
        return pass_on(owner_);  // [turnstile-enqueue]
    }

    /// Takes a thread out of the queue, and its loan back.
    void remove(Wait& wait) {
        take_out(wait);
        wait.waits_for = nullptr;
        pass_on(owner_);  // [turnstile-remove]
    }

    /// From here on `thread`, or with 0 nobody, is who the sleepers wait for. Returns whether it
    /// was lent a priority.
    bool set_owner(ThreadId thread) {
        if (Wait* const before = owner_; before != nullptr) {
            Turnstile** link = &before->owes;
            while (*link != this)
                link = &(*link)->next_;
            *link = next_;
            owner_ = nullptr;
            pass_on(before);  // [turnstile-return]
        }
        if (thread == 0) return false;
        owner_ = &wait_of(thread);
        owner_->thread = thread;
        next_ = owner_->owes;
        owner_->owes = this;
        return pass_on(owner_);  // [turnstile-own]
    }

private:
    /// A chain is followed this far. Only a deadlock makes a circle, and there the priorities are
    /// all equal after one round.
    static constexpr int chain_max = 64;

    void insert(Wait& wait) {
        Wait** link = &first_;
        while (*link != nullptr && (*link)->priority >= wait.priority)
            link = &(*link)->behind;
        wait.behind = *link;
        *link = &wait;
    }
    void take_out(Wait& wait) {
        Wait** link = &first_;
        while (*link != &wait)
            link = &(*link)->behind;
        *link = wait.behind;
    }

    /// Lends `at` what those lend who sleep for what it owes, and goes on to the one it waits for
    /// itself. Returns whether anybody's loan grew.
    static bool pass_on(Wait* at) {
        bool raised = false;
        for (int links = 0; at != nullptr && links < chain_max; ++links) {
            std::uint32_t most = 0;
            for (const Turnstile* owed = at->owes; owed != nullptr; owed = owed->next_)
                most = std::max(most, owed->first_ != nullptr ? owed->first_->priority : 0);
            if (most == at->lent) break;
            raised = raised || most > at->lent;
            at->lent = most;
            Platform::inherit(at->thread, most);
            Turnstile* const waits_for = at->waits_for;
            if (waits_for == nullptr) break;
            waits_for->take_out(*at);
            at->priority = std::max(Platform::priority(at->thread), most);
            waits_for->insert(*at);  // [turnstile-chain]
            at = waits_for->owner_;
        }
        return raised;
    }

    static inline constinit std::array<Wait, Platform::slots_max> waits_{};

    Wait* first_ = nullptr;
    Wait* owner_ = nullptr;
    Turnstile* next_ = nullptr;  // among what owner_ owes
};

}  // namespace lamina::sync
