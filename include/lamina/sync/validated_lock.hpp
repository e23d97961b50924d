// include/lamina/sync/validated_lock.hpp - ValidatedLock: a FollowedLock with all that locks have.
#pragma once

#include <cstdint>

#include "lamina/sync/annotations.hpp"
#include "lamina/sync/followed_lock.hpp"
#include "lamina/sync/named_class.hpp"
#include "lamina/sync/validator.hpp"

// For readers, as in annotations.hpp.
#define LAMINA_ACQUIRES_SHARED LAMINA_CLANG_ATTRIBUTE(acquire_shared_capability())
#define LAMINA_TRIES_SHARED LAMINA_CLANG_ATTRIBUTE(try_acquire_shared_capability(true))
#define LAMINA_RELEASES_SHARED LAMINA_CLANG_ATTRIBUTE(release_shared_capability())

namespace lamina::sync {

/// The policy that compiles validation out: a ValidatedLock is then the lock itself, with a class
/// that only the compiler sees.
struct Unvalidated {};

/// A FollowedLock with the whole interface of its raw lock: tries, deadlines, and readers if it has
/// any; and for pairs. What was seen before takes the validator's fast way.
template <typename Class, typename Raw, typename Policy>
class LAMINA_LOCKABLE ValidatedLock : public FollowedLock<Class, Raw, Policy> {
public:
    using ClassType = Class;
    using RawType = Raw;

    /// The lock itself, for what has nothing to do with order: its statistics, who holds it.
    Raw& raw() { return this->raw_; }
    const Raw& raw() const { return this->raw_; }

    LAMINA_ACQUIRES LAMINA_NOT_ANALYSED void lock(Site site = Site::current()) {
        if (const OrderSetting now = this->setting(); now.is_on()) [[unlikely]]
            return lock_checked<Access::exclusive>(now, Way::waits, site);
        this->raw_.lock();
    }
    [[nodiscard]] LAMINA_TRIES LAMINA_NOT_ANALYSED bool try_lock(Site site = Site::current()) {
        if (!this->raw_.try_lock()) return false;
        note_tried(Access::exclusive, site);
        return true;
    }
    /// As the second of two of this class: at the higher address, the other is held already.
    LAMINA_ACQUIRES LAMINA_NOT_ANALYSED void lock_paired(Site site = Site::current()) {
        if (const OrderSetting now = this->setting(); now.is_on()) [[unlikely]]
            return lock_checked<Access::exclusive>(now, Way::paired, site);
        this->raw_.lock();
    }
    [[nodiscard]] LAMINA_TRIES LAMINA_NOT_ANALYSED bool lock_until(std::uint64_t deadline_ns,
                                                                   Site site = Site::current()) {
        return timed(Access::exclusive, site, [&] { return this->raw_.lock_until(deadline_ns); });
    }
    [[nodiscard]] LAMINA_TRIES LAMINA_NOT_ANALYSED bool lock_for(std::uint64_t duration_ns,
                                                                 Site site = Site::current()) {
        return timed(Access::exclusive, site, [&] { return this->raw_.lock_for(duration_ns); });
    }

    LAMINA_ACQUIRES_SHARED LAMINA_NOT_ANALYSED void lock_shared(Site site = Site::current()) {
        if (const OrderSetting now = this->setting(); now.is_on()) [[unlikely]]
            return lock_checked<shared>(now, Way::waits, site);
        this->raw_.lock_shared();
    }
    [[nodiscard]] LAMINA_TRIES_SHARED LAMINA_NOT_ANALYSED bool try_lock_shared(
        Site site = Site::current()) {
        if (!this->raw_.try_lock_shared()) return false;
        note_tried(shared, site);
        return true;
    }
    [[nodiscard]] LAMINA_TRIES_SHARED LAMINA_NOT_ANALYSED bool lock_shared_until(
        std::uint64_t deadline_ns, Site site = Site::current()) {
        return timed(shared, site, [&] { return this->raw_.lock_shared_until(deadline_ns); });
    }
    LAMINA_RELEASES_SHARED LAMINA_NOT_ANALYSED void unlock_shared(Site site = Site::current()) {
        if (const OrderSetting now = this->setting(); now.is_on()) [[unlikely]]
            note_shared_release(now, site);
        this->raw_.unlock_shared();
    }

private:
    static constexpr Access shared = LockTraits<Raw>::shared;

    template <Access access>
    [[gnu::noinline]] void lock_checked(OrderSetting now, Way way, Site site) {
        const OrderStep step{now, this->info(), this->tag_, access, way, site};
        if (!Policy::validator().acquire_known(step)) [[unlikely]]
            return lock_slowly<access>(now, way, site);
        take<access>();
        Policy::validator().note_taken(step, this->tag_, true);
    }
    template <Access access>
    [[gnu::noinline, gnu::cold]] void lock_slowly(OrderSetting now, Way way, Site site) {
        const OrderStep step{now, this->info(), this->tag_, access, way, site};
        const bool followed = Policy::validator().acquire_slowly(step);
        take<access>();
        Policy::validator().note_taken(step, this->tag_, followed);
    }
    template <Access access>
    [[gnu::always_inline]] void take() {
        if constexpr (access == Access::exclusive)
            this->raw_.lock();
        else
            this->raw_.lock_shared();
    }
    [[gnu::noinline]] void note_shared_release(OrderSetting now, Site site) {
        Policy::validator().release({now, this->info(), this->tag_, shared, Way::waits, site});
    }

    void note_tried(Access access, Site site) {
        const OrderSetting now = this->setting();
        if (!now.is_on()) return;
        const OrderStep step{now, this->info(), this->tag_, access, Way::tried, site};
        Policy::validator().note_taken(step, this->tag_, Policy::validator().acquire(step));
    }

    template <typename Take>
    bool timed(Access access, Site site, Take&& take) {
        const OrderSetting now = this->setting();
        if (!now.is_on()) return take();
        const OrderStep step{now, this->info(), this->tag_, access, Way::waits, site};
        const bool followed = Policy::validator().acquire(step);
        if (!take()) {
            if (followed) Policy::validator().abandon(step);
            return false;
        }
        Policy::validator().note_taken(step, this->tag_, followed);
        return true;
    }
};

/// Stands for a Site where nobody wants one: no code is made for it.
struct NoSite {
    constexpr NoSite() = default;
    constexpr NoSite(const Site&) {}
};

/// Without validation nothing is added to the lock, in memory or in code.
template <typename Class, typename Raw>
class LAMINA_LOCKABLE ValidatedLock<Class, Raw, Unvalidated> {
public:
    static_assert(is_lock_class<Class>());
    using ClassType = Class;
    using RawType = Raw;

    constexpr ValidatedLock() = default;
    ValidatedLock(const ValidatedLock&) = delete;
    ValidatedLock& operator=(const ValidatedLock&) = delete;

    LAMINA_ACQUIRES LAMINA_NOT_ANALYSED void lock(NoSite = {}) { raw_.lock(); }
    LAMINA_ACQUIRES LAMINA_NOT_ANALYSED void lock_paired(NoSite = {}) { raw_.lock(); }
    [[nodiscard]] LAMINA_TRIES LAMINA_NOT_ANALYSED bool try_lock(NoSite = {}) {
        return raw_.try_lock();
    }
    [[nodiscard]] LAMINA_TRIES LAMINA_NOT_ANALYSED bool lock_until(std::uint64_t deadline_ns,
                                                                   NoSite = {}) {
        return raw_.lock_until(deadline_ns);
    }
    [[nodiscard]] LAMINA_TRIES LAMINA_NOT_ANALYSED bool lock_for(std::uint64_t duration_ns,
                                                                 NoSite = {}) {
        return raw_.lock_for(duration_ns);
    }
    LAMINA_RELEASES LAMINA_NOT_ANALYSED void unlock(NoSite = {}) { raw_.unlock(); }

    LAMINA_ACQUIRES_SHARED LAMINA_NOT_ANALYSED void lock_shared(NoSite = {}) { raw_.lock_shared(); }
    [[nodiscard]] LAMINA_TRIES_SHARED LAMINA_NOT_ANALYSED bool try_lock_shared(NoSite = {}) {
        return raw_.try_lock_shared();
    }
    [[nodiscard]] LAMINA_TRIES_SHARED LAMINA_NOT_ANALYSED bool lock_shared_until(
        std::uint64_t deadline_ns, NoSite = {}) {
        return raw_.lock_shared_until(deadline_ns);
    }
    LAMINA_RELEASES_SHARED LAMINA_NOT_ANALYSED void unlock_shared(NoSite = {}) {
        raw_.unlock_shared();
    }

    Raw& raw() { return raw_; }
    const Raw& raw() const { return raw_; }

private:
    Raw raw_;
};

}  // namespace lamina::sync
