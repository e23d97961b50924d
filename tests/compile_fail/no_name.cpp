// tests/compile_fail/no_name.cpp - a lock class without a name.
// refused: a lock class states its rank (above 0) and its name: there is no default
#include "tests/compile_fail/locks.hpp"

struct IdleLock {
    static constexpr Rank rank = Rank::ipc;
#ifndef WRONG
    static constexpr auto name = "idle";
#endif
};

void f() {
    Guard<IdleLock, int> idle;
    Entry<Unvalidated> entry;
    Held held{idle, entry};
}
