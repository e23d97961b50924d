// include/lamina/sync/adaptive_mutex.hpp - AdaptiveMutex: spin while the owner runs, then sleep.
#pragma once

#include "lamina/sync/blocking_lock.hpp"
#include "lamina/sync/lock_traits.hpp"

namespace lamina::sync {

/// For short holds. A waiter polls as long as the owner runs, with a bound, since a platform may
/// not know that it does not; then it sleeps. Overtaking is allowed 64 times. See BlockingLock.
///
/// With more threads than processors nobody spins for long, and nobody waits for a sleeper that is
/// next: it is overtaken until it has woken.
///
/// Cost: 12 instructions for lock and unlock without a wait, two of them atomic.
inline constexpr BlockingTuning adaptive_tuning{.polls_max = 256, .overtakings_max = 64};

template <typename Platform, typename Statistics = NoStatistics,
          BlockingTuning tuning = adaptive_tuning>
class AdaptiveMutex : public BlockingLock<Platform, Statistics, tuning> {};

template <typename Platform, typename Statistics, BlockingTuning tuning>
struct LockTraits<AdaptiveMutex<Platform, Statistics, tuning>> : TraitsOf<WaitKind::blocks> {};

}  // namespace lamina::sync
