// tests/compile_fail/short_witness.cpp - a witness that ends with the statement.
// refused: lock order: a witness must live longer than what it is a witness for
#include "tests/compile_fail/locks.hpp"

void f() {
#ifdef WRONG
    Held caps{table, Entry<Unvalidated>{}};
#else
    Entry<Unvalidated> entry;
    Held caps{table, entry};
#endif
}
