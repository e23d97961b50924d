// include/lamina/sync/followed_lock.hpp - FollowedLock: a lock of a class, followed by a validator.
#pragma once

#include "lamina/sync/annotations.hpp"
#include "lamina/sync/lock_traits.hpp"
#include "lamina/sync/order_rules.hpp"

namespace lamina::sync {

/// A class as the validator of `Policy` knows it, for locks of the type `Raw`.
template <typename Class, typename Raw, typename Policy>
inline constinit ClassInfo class_info{Class::name, level_of(Class::rank), LockTraits<Raw>::wait,
                                      LockTraits<Raw>::recursive};

/// Joins a class, a raw lock and a validator, which looks before each wait. `Policy` names the
/// validator that follows a program's locks: a type with a static `validator()`, one for each. Site
/// arguments are filled in by the compiler. ValidatedLock adds tries, pairs, deadlines and readers.
///
/// Cost: with the validator's mode off, one load and one branch more than `Raw`, for each
/// operation.
template <typename Class, typename Raw, typename Policy>
class LAMINA_LOCKABLE FollowedLock {
public:
    static_assert(is_lock_class<Class>());

    constexpr FollowedLock() = default;
    FollowedLock(const FollowedLock&) = delete;
    FollowedLock& operator=(const FollowedLock&) = delete;

    LAMINA_ACQUIRES LAMINA_NOT_ANALYSED void lock(Site site = Site::current()) {
        if (const OrderSetting now = setting(); now.is_on()) [[unlikely]]
            return lock_checked(now, site);
        raw_.lock();
    }
    LAMINA_RELEASES LAMINA_NOT_ANALYSED void unlock(Site site = Site::current()) {
        if (const OrderSetting now = setting(); now.is_on()) [[unlikely]]
            note_release(now, site);
        raw_.unlock();
    }

    /// For a caller that knows that the validator is off, and wants its slow path elsewhere: takes
    /// the lock if it is free. If not, nothing has happened and lock() is to be called.
    [[nodiscard]] LAMINA_TRIES LAMINA_NOT_ANALYSED bool try_lock_unseen() {
        return raw_.try_lock();
    }
    /// Gives it back, for such a caller.
    LAMINA_NOT_ANALYSED void unlock_unseen() { raw_.unlock(); }

protected:
    static ClassInfo& info() { return class_info<Class, Raw, Policy>; }
    [[gnu::always_inline]] static OrderSetting setting() { return Policy::validator().setting(); }

    [[gnu::noinline]] void note_release(OrderSetting now, Site site) {
        Policy::validator().release({now, info(), tag_, Access::exclusive, Way::waits, site});
    }

    Raw raw_;
    LockTag tag_;

private:
    [[gnu::noinline]] void lock_checked(OrderSetting now, Site site) {
        const OrderStep step{now, info(), tag_, Access::exclusive, Way::waits, site};
        const bool followed = Policy::validator().acquire(step);
        raw_.lock();
        Policy::validator().note_taken(step, tag_, followed);
    }
};

}  // namespace lamina::sync
