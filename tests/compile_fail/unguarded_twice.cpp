// tests/compile_fail/unguarded_twice.cpp - a lock taken twice by hand.
// refused: acquiring lock 'lock' that is already held
#include "tests/compile_fail/locks.hpp"

// compilers: clang

Lock<TableLock> lock;

void f() {
    lock.lock();
#ifdef WRONG
    lock.lock();
#endif
    lock.unlock();
}
