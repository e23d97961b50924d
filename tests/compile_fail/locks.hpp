// tests/compile_fail/locks.hpp - the locks that the snippets use.
#pragma once

#include "lamina/sync/held.hpp"
#include "lamina/sync/host_platform.hpp"
#include "lamina/sync/spin_lock.hpp"

using namespace lamina::sync;

template <typename Class>
using Lock = ValidatedLock<Class, SpinLock<HostPlatform>, Unvalidated>;
template <typename Class, typename T>
using Guard = Guarded<Class, T, Lock<Class>>;

struct TableLock {
    static constexpr Rank rank = Rank::memory;
    static constexpr auto name = "table";
};
struct PoolLock {
    static constexpr Rank rank = step<1>(Rank::memory);
    static constexpr auto name = "pool";
};
struct QueueLock {
    static constexpr Rank rank = Rank::scheduler;
    static constexpr auto name = "queue";
};

struct Pool {
    int count = 0;
};

inline Guard<TableLock, int> table;
inline Guard<PoolLock, Pool> pool;
inline Guard<PoolLock, Pool> other_pool;
inline Guard<QueueLock, int> queue;
