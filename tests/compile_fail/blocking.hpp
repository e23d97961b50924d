// tests/compile_fail/blocking.hpp - the platform of the snippets with locks that sleep.
#pragma once

#include "tests/compile_fail/locks.hpp"

/// One that cannot block, as the kernel's.
struct SpinningPlatform {
    template <typename T>
    using Atomic = MachineAtomic<T>;
    using InterruptState = bool;
    static constexpr std::uint32_t slots_max = 4;
    static std::uint32_t slot();
    static std::uint32_t node();
    static void relax();
    static std::uint64_t now();
    static bool mask_interrupts();
    static void restore_interrupts(bool state);
};
static_assert(SpinPlatform<SpinningPlatform>);

#ifdef WRONG
using Platform = SpinningPlatform;
#else
using Platform = HostPlatform;
#endif
