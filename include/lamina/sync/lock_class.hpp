// include/lamina/sync/lock_class.hpp - lock classes: the rank and name that a kind of lock has.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>

#include "lamina/sync/rank.hpp"

namespace lamina::sync {

/// A lock class is a type that says where its locks stand in the order, and what reports call them:
///
///     struct FramePoolLock {
///         static constexpr Rank rank = Rank::memory;
///         static constexpr auto name = "frame_pool";
///     };
///
/// There is no default for either. All locks that play the same part share one class.
template <typename C>
concept LockClass = requires {
    requires RankValue<std::remove_cvref_t<decltype(C::rank)>>;
    { C::name } -> std::convertible_to<const char*>;
    requires level_of(C::rank) > 0;
};

/// Compiles for a lock class; for anything else it says what is missing.
template <typename Class>
consteval bool is_lock_class() {
    static_assert(LockClass<Class>,
                  "a lock class states its rank (above 0) and its name: there is no default");
    return true;
}

/// What a CPU or thread does that must wait for a lock.
enum class WaitKind : std::uint8_t {
    spins,   ///< Goes on running. Its holder must not block, or the waiter spins for long.
    yields,  ///< A token: may block, and its holder gives it up while it blocks.
    blocks,  ///< Sleeps until the lock is free. Never wanted where nothing may sleep.
};

/// The number of a class within one validator. 0: it has none yet.
using ClassId = std::uint16_t;

/// A class as the validator sees it: made from a lock class type, or by an app for locks whose
/// kind it learns at run time. It lives as long as the validator, and belongs to one validator.
struct ClassInfo {
    const char* name;  ///< Ends with a NUL, lives as long as this.
    Level level;       ///< Above 0.
    WaitKind wait = WaitKind::spins;
    /// Its holder may take it again, and gives it back as often.
    bool recursive = false;
    /// Given by the validator when the class is first seen.
    std::atomic<ClassId> id{0};

    constexpr ClassInfo(const char* class_name, Level class_level,
                        WaitKind wait_kind = WaitKind::spins, bool is_recursive = false)
        : name(class_name), level(class_level), wait(wait_kind), recursive(is_recursive) {}
};

}  // namespace lamina::sync
