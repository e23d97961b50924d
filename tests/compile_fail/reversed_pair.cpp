// tests/compile_fail/reversed_pair.cpp - a pair guard against the order of the ranks.
// refused: lock order: the lock wanted here ranks outside of the one that is held
#include "tests/compile_fail/locks.hpp"

void f() {
    Entry<Unvalidated> entry;
#ifdef WRONG
    Held last{queue, entry};
    HeldPair both{pool, other_pool, last};
#else
    HeldPair both{pool, other_pool, entry};
    Held last{queue, both};
#endif
}
