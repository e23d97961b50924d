// include/lamina/sync/sleep_lock.hpp - SleepLock: for holds that last, such as a disk transfer.
#pragma once

#include "lamina/sync/blocking_lock.hpp"
#include "lamina/sync/lock_traits.hpp"

namespace lamina::sync {

/// A waiter sleeps at once, and a release hands the lock to the first: in a long hold a few
/// wake-ups cost nothing, and a strict order is worth more. Its holder may block. See BlockingLock.
inline constexpr BlockingTuning sleep_tuning{.polls_max = 0, .overtakings_max = 0};

template <typename Platform, typename Statistics = NoStatistics>
class SleepLock : public BlockingLock<Platform, Statistics, sleep_tuning> {};

template <typename Platform, typename Statistics>
struct LockTraits<SleepLock<Platform, Statistics>> : TraitsOf<WaitKind::blocks> {};

}  // namespace lamina::sync
