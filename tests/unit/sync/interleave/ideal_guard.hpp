// tests/unit/sync/interleave/ideal_guard.hpp - threads for which the turnstile guard takes one
// step.
#pragma once

#include "lamina/sync/held_tokens.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/turnstile.hpp"
#include "tests/unit/sync/interleave/platform.hpp"

namespace interleave {

/// Threads of the explorer, for which the turnstile guard is ideal.
struct MutexPlatform : SteppedPlatform {};

}  // namespace interleave

/// What a spin lock promises, in one step each for taking and releasing: that the shipped one keeps
/// the promise is explored apart. With its own steps the states would be too many to visit all.
template <>
class lamina::sync::SpinLock<interleave::MutexPlatform> {
public:
    interleave::MutexPlatform::InterruptState lock_masked() {
        interleave::Explorer::step();
        interleave::Explorer::note_read(this);
        while (held_ != 0) {
            interleave::Explorer::spin();
            interleave::Explorer::note_read(this);
        }
        set(1);
        return {};
    }
    void unlock_masked(interleave::MutexPlatform::InterruptState) {
        interleave::Explorer::step();
        set(0);
    }

private:
    void set(std::uint64_t held) {
        interleave::Explorer::note_change(this, held_, held);
        held_ = held;
    }
    std::uint64_t held_ = 0;
};

namespace interleave {

using Stile = lamina::sync::Turnstile<MutexPlatform>;
using Tokens = lamina::sync::ThreadTokens<MutexPlatform>;
using GuardLock = lamina::sync::SpinLock<MutexPlatform>;

// The guard and the lists are private; an explicit instantiation may name private members.
GuardLock* guard_lock();
template <GuardLock* guard>
struct OpenedGuard {
    friend GuardLock* guard_lock() { return guard; }
};
template struct OpenedGuard<&Stile::Guard::lock_>;

Region token_lists();
template <auto lists>
struct OpenedLists {
    friend Region token_lists() { return {lists, sizeof *lists}; }
};
template struct OpenedLists<&Tokens::lists_>;

}  // namespace interleave
