// tests/compile_fail/reversed_in_call.cpp - a function against the order of what it gets.
// refused: lock order: the lock wanted here ranks outside of the one that is held
#include "tests/compile_fail/locks.hpp"

using FramesHeld = Held<PoolLock, Pool, Lock<PoolLock>>;

#ifdef WRONG
void f(FramesHeld& frames) { Held caps{table, frames}; }
#else
void f(FramesHeld& frames) { Held last{queue, frames}; }
#endif
