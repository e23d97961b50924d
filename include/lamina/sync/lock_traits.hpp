// include/lamina/sync/lock_traits.hpp - LockTraits: what the order must know of a type of lock.
#pragma once

#include "lamina/sync/adaptive_mutex.hpp"
#include "lamina/sync/lock_class.hpp"
#include "lamina/sync/order_report.hpp"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/sleep_lock.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/token.hpp"

namespace lamina::sync {

/// `wait`: what one who wants the lock does meanwhile. `recursive`: whether its holder may take it
/// again. `shared`: how its readers wait, if it has readers. A type of one's own needs its own
/// specialisation; there is no default.
template <typename Lock>
struct LockTraits;

template <typename Platform, typename Statistics, SpinTuning tuning>
struct LockTraits<SpinLock<Platform, Statistics, tuning>> {
    static constexpr WaitKind wait = WaitKind::spins;
    static constexpr bool recursive = false;
    static constexpr Access shared = Access::exclusive;  // has no readers
};

template <typename Platform, typename Statistics, SpinTuning tuning>
struct LockTraits<RwLock<Platform, Statistics, tuning>> {
    static constexpr WaitKind wait = WaitKind::spins;
    static constexpr bool recursive = false;
    static constexpr Access shared = Access::shared;
};

template <typename Platform, typename Statistics, BlockingTuning tuning>
struct LockTraits<AdaptiveMutex<Platform, Statistics, tuning>> {
    static constexpr WaitKind wait = WaitKind::blocks;
    static constexpr bool recursive = false;
    static constexpr Access shared = Access::exclusive;
};

template <typename Platform, typename Statistics>
struct LockTraits<SleepLock<Platform, Statistics>> {
    static constexpr WaitKind wait = WaitKind::blocks;
    static constexpr bool recursive = false;
    static constexpr Access shared = Access::exclusive;
};

template <typename Owner, typename Raw>
struct LockTraits<Token<Owner, Raw>> {
    static constexpr WaitKind wait = WaitKind::yields;
    static constexpr bool recursive = true;
    static constexpr Access shared = Access::exclusive;
};

}  // namespace lamina::sync
