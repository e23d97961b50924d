// tests/compile_fail/blocking_adaptive_mutex.cpp - an AdaptiveMutex over a platform that cannot
// block, as the kernel's. refused: this lock puts its waiters to sleep, and its platform cannot
// block
#include "lamina/sync/adaptive_mutex.hpp"
#include "tests/compile_fail/blocking.hpp"

void lock() {
    static AdaptiveMutex<Platform> blocks;
    blocks.lock();
    blocks.unlock();
}
