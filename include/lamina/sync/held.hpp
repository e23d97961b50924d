// include/lamina/sync/held.hpp - Held and its kin: locks held, and the proof that order was kept.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "lamina/sync/annotations.hpp"
#include "lamina/sync/guarded.hpp"
#include "lamina/sync/validated_lock.hpp"

namespace lamina::sync {

/// What proves what is held: an Entry, or any guard below. It cannot be copied, and stays where it
/// was made as long as it proves anything.
template <typename W>
concept Witness = requires {
    { W::level } -> std::convertible_to<Level>;
} && !std::copyable<W>;

/// The policy of a validator, as of FollowedLock; Unvalidated is none.
template <typename P>
concept OrderPolicy = requires { P::validator().setting(); };

/// The first witness: nothing is held. Made where a CPU enters the kernel, or where a thread
/// begins, and there only; with validation, that is checked, and at its end that nothing is held
/// again.
template <typename Policy>
class [[nodiscard]] Entry {
public:
    static constexpr Level level = 0;

    explicit Entry(Site site = Site::current()) : site_(site) { check(); }
    ~Entry() { check(); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

private:
    void check() {
        if constexpr (OrderPolicy<Policy>) Policy::validator().expect_none_held(site_);
    }

    Site site_;
};

/// Compiles if a lock of level `wanted` may be taken while `W` is held.
template <typename W, Level wanted>
consteval bool is_in_order() {
    static_assert(W::level < wanted,
                  "lock order: the lock wanted here ranks outside of the one that is held, or "
                  "beside it; it must be taken before it (lamina/sync/rank.hpp)");
    return true;
}

/// Never compiles: for what a witness is missing from.
template <typename W>
consteval bool is_lasting() {
    static_assert(!std::same_as<W, W>,
                  "lock order: a witness must live longer than what it is a witness for; one made "
                  "in the same expression ends with it");
    return false;
}
template <typename T>
consteval bool has_witness() {
    static_assert(!std::same_as<T, T>,
                  "lock order: a guard that waits needs a witness, the innermost lock held, as its "
                  "last argument; where nothing is held, that is the Entry");
    return false;
}

/// Takes the lock of a Guarded for as long as this lives:
///
///     Held caps{table, entry};
///     Held frames{pool, caps};   // the second argument is what is held; reversed: no compilation
///     frames->alloc();
///
/// A function that needs the lock takes a `Held<...>&`. `outer` must be the innermost lock held:
/// with validation, one that is not is found at run time.
template <typename Class, typename T, typename Lock>
class [[nodiscard]] Held {
public:
    using GuardedType = Guarded<Class, T, Lock>;
    static constexpr Level level = level_of(Class::rank);

    template <Witness W>
    LAMINA_NOT_ANALYSED Held(GuardedType& guarded, const W& /*outer*/, Site site = Site::current())
        : guarded_(guarded), site_(site) {
        static_assert(is_in_order<W, level>());
        guarded_.lock_.lock(site);
    }
    /// These two do not compile, and say why.
    template <Witness W>
    Held(GuardedType& guarded, const W&& /*outer*/) : guarded_(guarded) {
        static_assert(is_lasting<W>());
    }
    template <typename Self = T>
    explicit Held(GuardedType& guarded) : guarded_(guarded) {
        static_assert(has_witness<Self>());
    }
    LAMINA_NOT_ANALYSED ~Held() { guarded_.lock_.unlock(site_); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    T& operator*() { return guarded_.data_; }
    T* operator->() { return &guarded_.data_; }

private:
    template <typename, typename, typename>
    friend class TryHeld;
    struct Taken {};

    GuardedType& guarded_;
    Site site_;

public:
    /// For TryHeld, which has taken the lock; nobody else has a Taken.
    Held(Taken, GuardedType& guarded, const Site& site) : guarded_(guarded), site_(site) {}
};

template <typename Class, typename T, typename Lock, typename W>
Held(Guarded<Class, T, Lock>&, const W&) -> Held<Class, T, Lock>;

/// The same as one reader of several: the T cannot be changed.
template <typename Class, typename T, typename Lock>
class [[nodiscard]] HeldShared {
public:
    using GuardedType = Guarded<Class, T, Lock>;
    static constexpr Level level = level_of(Class::rank);

    template <Witness W>
    LAMINA_NOT_ANALYSED HeldShared(GuardedType& guarded, const W& /*outer*/,
                                   Site site = Site::current())
        : guarded_(guarded), site_(site) {
        static_assert(is_in_order<W, level>());
        guarded_.lock_.lock_shared(site);
    }
    /// These two do not compile, and say why.
    template <Witness W>
    HeldShared(GuardedType& guarded, const W&& /*outer*/) : guarded_(guarded) {
        static_assert(is_lasting<W>());
    }
    template <typename Self = T>
    explicit HeldShared(GuardedType& guarded) : guarded_(guarded) {
        static_assert(has_witness<Self>());
    }
    LAMINA_NOT_ANALYSED ~HeldShared() { guarded_.lock_.unlock_shared(site_); }
    HeldShared(const HeldShared&) = delete;
    HeldShared& operator=(const HeldShared&) = delete;

    const T& operator*() const { return guarded_.data_; }
    const T* operator->() const { return &guarded_.data_; }

private:
    GuardedType& guarded_;
    Site site_;
};

template <typename Class, typename T, typename Lock, typename W>
HeldShared(Guarded<Class, T, Lock>&, const W&) -> HeldShared<Class, T, Lock>;

/// Two of one class, taken in the order of their addresses, whatever the order of the arguments.
/// Both may be the same one: then it is taken once.
template <typename Class, typename T, typename Lock>
class [[nodiscard]] HeldPair {
public:
    using GuardedType = Guarded<Class, T, Lock>;
    static constexpr Level level = level_of(Class::rank);

    template <Witness W>
    LAMINA_NOT_ANALYSED HeldPair(GuardedType& first, GuardedType& second, const W& /*outer*/,
                                 Site site = Site::current())
        : first_(first), second_(second), site_(site) {
        static_assert(is_in_order<W, level>());
        lower().lock_.lock(site);
        if (&first_ != &second_) upper().lock_.lock_paired(site);
    }
    /// These two do not compile, and say why.
    template <Witness W>
    HeldPair(GuardedType& first, GuardedType& second, const W&& /*outer*/)
        : first_(first), second_(second) {
        static_assert(is_lasting<W>());
    }
    template <typename Self = T>
    explicit HeldPair(GuardedType& first, GuardedType& second) : first_(first), second_(second) {
        static_assert(has_witness<Self>());
    }
    LAMINA_NOT_ANALYSED ~HeldPair() {
        if (&first_ != &second_) upper().lock_.unlock(site_);
        lower().lock_.unlock(site_);
    }
    HeldPair(const HeldPair&) = delete;
    HeldPair& operator=(const HeldPair&) = delete;

    T& first() { return first_.data_; }
    T& second() { return second_.data_; }

private:
    bool in_order() const { return !std::less<GuardedType*>()(&second_, &first_); }
    GuardedType& lower() { return in_order() ? first_ : second_; }
    GuardedType& upper() { return in_order() ? second_ : first_; }

    GuardedType& first_;
    GuardedType& second_;
    Site site_;
};

template <typename Class, typename T, typename Lock, typename W>
HeldPair(Guarded<Class, T, Lock>&, Guarded<Class, T, Lock>&, const W&) -> HeldPair<Class, T, Lock>;

/// Takes the lock if that needs no wait, or none beyond a deadline. `if (tried)`, then `*tried` is
/// the Held. A try needs no witness, as it may be against the order; a deadline does.
template <typename Class, typename T, typename Lock>
class [[nodiscard]] TryHeld {
public:
    using GuardedType = Guarded<Class, T, Lock>;
    using HeldType = Held<Class, T, Lock>;

    LAMINA_NOT_ANALYSED explicit TryHeld(GuardedType& guarded, Site site = Site::current()) {
        if (guarded.lock_.try_lock(site)) held_.emplace(typename HeldType::Taken{}, guarded, site);
    }
    template <Witness W>
    LAMINA_NOT_ANALYSED TryHeld(GuardedType& guarded, const W& /*outer*/, std::uint64_t deadline_ns,
                                Site site = Site::current()) {
        static_assert(is_in_order<W, HeldType::level>());
        if (guarded.lock_.lock_until(deadline_ns, site))
            held_.emplace(typename HeldType::Taken{}, guarded, site);
    }
    TryHeld(const TryHeld&) = delete;
    TryHeld& operator=(const TryHeld&) = delete;

    explicit operator bool() const { return held_.has_value(); }
    /// Needs: it is held.
    HeldType& operator*() { return *held_; }

private:
    std::optional<HeldType> held_;
};

}  // namespace lamina::sync
