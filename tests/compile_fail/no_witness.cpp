// tests/compile_fail/no_witness.cpp - a guard that is not told what is held.
// refused: lock order: a guard that waits needs a witness
#include "tests/compile_fail/locks.hpp"

void f() {
    Entry<Unvalidated> entry;
#ifdef WRONG
    Held caps{table};
#else
    Held caps{table, entry};
#endif
}
