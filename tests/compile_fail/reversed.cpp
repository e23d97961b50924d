// tests/compile_fail/reversed.cpp - two locks against the order of their ranks.
// refused: lock order: the lock wanted here ranks outside of the one that is held
#include "tests/compile_fail/locks.hpp"

void f() {
    Entry<Unvalidated> entry;
#ifdef WRONG
    Held frames{pool, entry};
    Held caps{table, frames};
#else
    Held caps{table, entry};
    Held frames{pool, caps};
#endif
}
