// tests/compile_fail/equal_level.cpp - two classes of one level held together.
// refused: lock order: the lock wanted here ranks outside of the one that is held
#include "tests/compile_fail/locks.hpp"

struct SecondTableLock {
#ifdef WRONG
    static constexpr Rank rank = Rank::memory;
#else
    static constexpr Rank rank = step<1>(Rank::memory);
#endif
    static constexpr auto name = "second table";
};
Guard<SecondTableLock, int> second;

void f() {
    Entry<Unvalidated> entry;
    Held caps{table, entry};
    Held more{second, caps};
}
