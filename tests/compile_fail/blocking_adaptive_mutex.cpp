// tests/compile_fail/blocking_adaptive_mutex.cpp - a AdaptiveMutex over a platform that cannot
// block, as the kernel's. refused: this lock puts its waiters to sleep, and its platform cannot
// block
#include "lamina/sync/adaptive_mutex.hpp"
#include "tests/compile_fail/locks.hpp"

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

void lock() {
    static AdaptiveMutex<Platform> blocks;
    blocks.lock();
    blocks.unlock();
}
