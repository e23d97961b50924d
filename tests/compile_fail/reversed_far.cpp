// tests/compile_fail/reversed_far.cpp - a lock taken inside of one two ranks further in.
// refused: lock order: the lock wanted here ranks outside of the one that is held
#include "tests/compile_fail/locks.hpp"

void f() {
    Entry<Unvalidated> entry;
#ifdef WRONG
    Held last{queue, entry};
    Held caps{table, last};
#else
    Held caps{table, entry};
    Held last{queue, caps};
#endif
}
