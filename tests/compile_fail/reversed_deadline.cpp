// tests/compile_fail/reversed_deadline.cpp - a timed wait against the ranks.
// refused: lock order: the lock wanted here ranks outside of the one that is held
#include "tests/compile_fail/locks.hpp"

void f() {
    Entry<Unvalidated> entry;
    Held frames{pool, entry};
#ifdef WRONG
    TryHeld caps{table, frames, 1000};
#else
    TryHeld caps{table};
#endif
}
