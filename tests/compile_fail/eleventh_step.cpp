// tests/compile_fail/eleventh_step.cpp - a step that is another rank.
// refused: a rank has ten steps, numbered from 0
#include "tests/compile_fail/locks.hpp"

#ifdef WRONG
constexpr Rank deep = step<10>(Rank::memory);
#else
constexpr Rank deep = step<9>(Rank::memory);
#endif
static_assert(deep < Rank::scheduler);
