// tests/ring0/lock_attacks.cpp - locks taken wrongly, for the validator of the kernel to find.
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "tests/ring0/attacks.hpp"

namespace ring0 {
namespace {

struct InnerLock {
    static constexpr exo::Rank rank = exo::Rank::scheduler;
    static constexpr auto name = "inner";
};
constinit exo::RankedLock<InnerLock> inner;

// The hook is called with the kernel lock held.

LAMINA_NOT_ANALYSED void reversed() {
    exo::unlock_kernel();
    inner.lock();
    exo::lock_kernel();
    pass("the kernel lock inside of another");
}

LAMINA_NOT_ANALYSED void taken_again() {
    inner.lock();
    inner.lock();
}

LAMINA_NOT_ANALYSED void given_back_unheld() {
    inner.lock();
    inner.unlock();
    inner.unlock();
    pass("a lock nobody held was given back");
}

/// The first dispatch finds it.
LAMINA_NOT_ANALYSED void held_at_exit() {
    inner.lock();
    (void)exo::exo_dispatch();
    pass("user mode with a lock held");
}

constexpr Attack attacks[] = {
    {"lock_reversed", reversed},
    {"lock_taken_again", taken_again},
    {"lock_given_back_unheld", given_back_unheld},
    {"lock_held_at_exit", held_at_exit},
};

}  // namespace

std::span<const Attack> lock_attacks() { return attacks; }

}  // namespace ring0
