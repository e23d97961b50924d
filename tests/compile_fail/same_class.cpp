// tests/compile_fail/same_class.cpp - two locks of one class without a pair guard.
// refused: lock order: the lock wanted here ranks outside of the one that is held
#include "tests/compile_fail/locks.hpp"

void f() {
    Entry<Unvalidated> entry;
#ifdef WRONG
    Held one{pool, entry};
    Held two{other_pool, one};
#else
    HeldPair both{pool, other_pool, entry};
#endif
}
