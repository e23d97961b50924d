// tests/compile_fail/reversed_shared.cpp - a reader against the order of the ranks.
// refused: lock order: the lock wanted here ranks outside of the one that is held
#include "lamina/sync/rw_lock.hpp"
#include "tests/compile_fail/locks.hpp"

using Readers = ValidatedLock<TableLock, RwLock<HostPlatform>, Unvalidated>;
Guarded<TableLock, int, Readers> shared_table;

void f() {
    Entry<Unvalidated> entry;
#ifdef WRONG
    Held frames{pool, entry};
    HeldShared caps{shared_table, frames};
#else
    HeldShared caps{shared_table, entry};
    Held frames{pool, caps};
#endif
}
