// tests/compile_fail/wrong_lock.cpp - a Guarded with the lock of another class.
// refused: the lock of a Guarded is of the Guarded's class
#include "tests/compile_fail/locks.hpp"

#ifdef WRONG
Guarded<TableLock, int, Lock<PoolLock>> crossed;
#else
Guarded<TableLock, int, Lock<TableLock>> crossed;
#endif
