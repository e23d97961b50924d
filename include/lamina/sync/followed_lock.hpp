// include/lamina/sync/followed_lock.hpp - FollowedLock: a lock of a class, followed by a validator.
#pragma once

#include <concepts>
#include <cstdint>

#include "lamina/sync/annotations.hpp"
#include "lamina/sync/lock_traits.hpp"
#include "lamina/sync/order_rules.hpp"

namespace lamina::sync {

/// The validator that follows a program's locks, as a policy: a type with a static
/// `validator()`. There is one such type for each validator.
template <typename P>
concept OrderPolicy = requires { P::validator().setting(); };

/// A class as the validator of `Policy` knows it, for locks of the type `Raw`.
template <typename Class, typename Raw, typename Policy>
inline constinit ClassInfo class_info{Class::name, level_of(Class::rank), LockTraits<Raw>::wait,
                                      LockTraits<Raw>::recursive};

/// Joins a class, a raw lock and a validator, which looks before each wait. Site arguments are
/// filled in by the compiler. ValidatedLock adds pairs, deadlines and readers.
///
/// Cost: with the validator's mode off, one load and one branch more than `Raw`, for each
/// operation.
template <typename Class, typename Raw, typename Policy>
class LAMINA_LOCKABLE FollowedLock {
public:
    static_assert(is_lock_class<Class>());
    using ClassType = Class;
    using RawType = Raw;

    constexpr FollowedLock() = default;
    FollowedLock(const FollowedLock&) = delete;
    FollowedLock& operator=(const FollowedLock&) = delete;

    LAMINA_ACQUIRES LAMINA_NOT_ANALYSED void lock(Site site = Site::current()) {
        if (const OrderSetting now = setting(); now.is_on()) [[unlikely]]
            return lock_checked<Access::exclusive>(now, Way::waits, site);
        raw_.lock();
    }
    [[nodiscard]] LAMINA_TRIES LAMINA_NOT_ANALYSED bool try_lock(Site site = Site::current()) {
        if (!raw_.try_lock()) return false;
        note_tried(Access::exclusive, site);
        return true;
    }
    LAMINA_RELEASES LAMINA_NOT_ANALYSED void unlock(Site site = Site::current()) {
        if (const OrderSetting now = setting(); now.is_on()) [[unlikely]]
            note_release<Access::exclusive>(now, site);
        raw_.unlock();
    }

    /// For a caller that wants its slow path elsewhere: takes the lock if it is free and the
    /// validator is off. If not, nothing has happened and lock() is to be called.
    [[nodiscard]] LAMINA_TRIES LAMINA_NOT_ANALYSED bool lock_at_once() {
        return !setting().is_on() && raw_.try_lock();
    }
    /// Gives the lock back if the validator is off. If not, unlock() is to be called.
    [[nodiscard]] LAMINA_NOT_ANALYSED bool unlock_at_once() {
        if (setting().is_on()) [[unlikely]]
            return false;
        raw_.unlock();
        return true;
    }

    /// The lock itself, for what has nothing to do with order: its statistics, who holds it.
    Raw& raw() { return raw_; }
    const Raw& raw() const { return raw_; }

protected:
    static ClassInfo& info() { return class_info<Class, Raw, Policy>; }
    [[gnu::always_inline]] static OrderSetting setting() { return Policy::validator().setting(); }

    template <Access access>
    [[gnu::noinline]] void lock_checked(OrderSetting now, Way way, Site site) {
        const OrderStep step{now, info(), tag_, access, way, site};
        if (!Policy::validator().acquire_known(step)) [[unlikely]]
            return lock_slowly<access>(now, way, site);
        take<access>();
        Policy::validator().note_taken(step, tag_, true);
    }
    template <Access access>
    [[gnu::noinline, gnu::cold]] void lock_slowly(OrderSetting now, Way way, Site site) {
        const OrderStep step{now, info(), tag_, access, way, site};
        const bool followed = Policy::validator().acquire_slowly(step);
        take<access>();
        Policy::validator().note_taken(step, tag_, followed);
    }
    template <Access access>
    [[gnu::always_inline]] void take() {
        if constexpr (access == Access::exclusive)
            raw_.lock();
        else
            raw_.lock_shared();
    }
    template <Access access>
    [[gnu::noinline]] void note_release(OrderSetting now, Site site) {
        Policy::validator().release({now, info(), tag_, access, Way::waits, site});
    }

    void note_tried(Access access, Site site) {
        const OrderSetting now = setting();
        if (!now.is_on()) return;
        const OrderStep step{now, info(), tag_, access, Way::tried, site};
        Policy::validator().note_taken(step, tag_, Policy::validator().acquire(step));
    }

    Raw raw_;
    LockTag tag_;
};

}  // namespace lamina::sync
