// tests/compile_fail/around_the_lock.cpp - data reached without its lock.
// refused: private
#include "tests/compile_fail/locks.hpp"

int f() {
#ifdef WRONG
    return table.data_;
#else
    Entry<Unvalidated> entry;
    Held caps{table, entry};
    return *caps;
#endif
}
