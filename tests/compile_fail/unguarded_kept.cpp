// tests/compile_fail/unguarded_kept.cpp - a lock kept on one path by hand.
// refused: is not held on every path through here
#include "tests/compile_fail/locks.hpp"

// compilers: clang

Lock<TableLock> lock;

int f(bool early) {
    lock.lock();
#ifdef WRONG
    if (early) return 1;
#else
    if (early) {
        lock.unlock();
        return 1;
    }
#endif
    lock.unlock();
    return 0;
}
