// tests/compile_fail/no_rank.cpp - a lock class without a rank.
// refused: a lock class states its rank (above 0) and its name: there is no default
#include "tests/compile_fail/locks.hpp"

struct IdleLock {
#ifndef WRONG
    static constexpr Rank rank = Rank::ipc;
#endif
    static constexpr auto name = "idle";
};

void f() {
    Guard<IdleLock, int> idle;
    Entry<Unvalidated> entry;
    Held held{idle, entry};
}
