// include/lamina/sync/recovery.hpp - Recoverable and RecoverySet: the locks of a thread that died.
#pragma once

#include "lamina/sync/platform.hpp"
#include "lamina/sync/turnstile.hpp"

namespace lamina::sync {

/// What RecoverySet knows of a lock.
struct AnyRecoverable {
    AnyRecoverable* next = nullptr;
    bool (*recover)(AnyRecoverable&, ThreadId) = nullptr;
};

/// Locks whose owners may die with them held: those between processes of a libOS session. Who
/// notices that a thread has ended calls `thread_ended`; nothing is paid for it when the locks are
/// taken. Functions may be called on many threads at once.
template <typename Platform>
class RecoverySet {
public:
    constexpr RecoverySet() = default;
    RecoverySet(const RecoverySet&) = delete;
    RecoverySet& operator=(const RecoverySet&) = delete;

    void add(AnyRecoverable& lock) {
        const Hold hold(*this);
        lock.next = first_;
        first_ = &lock;
    }
    void remove(const AnyRecoverable& lock) {
        const Hold hold(*this);
        AnyRecoverable** link = &first_;
        while (*link != &lock)
            link = &(*link)->next;
        *link = lock.next;
    }

    /// Frees what `dead` held, each lock with its data suspect; returns how many. Needs:
    /// `Platform::alive(dead)` is false. Cost: the number of locks in the set.
    int thread_ended(ThreadId dead) {
        const Hold hold(*this);
        int recovered = 0;
        for (AnyRecoverable* lock = first_; lock != nullptr; lock = lock->next)
            recovered += lock->recover(*lock, dead) ? 1 : 0;
        return recovered;
    }

private:
    class Hold {
    public:
        explicit Hold(RecoverySet& set) : lock_(set.lock_), state_(lock_.lock_masked()) {}
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        ~Hold() { lock_.unlock_masked(state_); }

    private:
        SpinLock<Platform>& lock_;
        typename Platform::InterruptState state_;
    };

    SpinLock<Platform> lock_;
    AnyRecoverable* first_ = nullptr;
};

/// A lock that is in a set as long as it exists. `Lock` is a BlockingLock: AdaptiveMutex,
/// SleepLock.
template <typename Platform, typename Lock>
class Recoverable : public Lock, private AnyRecoverable {
public:
    explicit Recoverable(RecoverySet<Platform>& set)
        : AnyRecoverable{.recover =
                             [](AnyRecoverable& lock, ThreadId dead) {
                                 return static_cast<Recoverable&>(lock).Lock::recover(dead);
                             }},
          set_(set) {
        set_.add(*this);
    }
    ~Recoverable() { set_.remove(*this); }

private:
    RecoverySet<Platform>& set_;
};

}  // namespace lamina::sync
