// tests/compile_fail/copied_witness.cpp - a witness that is copied.
// refused: deleted
#include "tests/compile_fail/locks.hpp"

void f() {
    Entry<Unvalidated> entry;
    Held caps{table, entry};
#ifdef WRONG
    auto copy = caps;
#else
    auto& same = caps;
    *same = 1;
#endif
}
