// tests/compile_fail/blocking_sleep_lock.cpp - a SleepLock over a platform that cannot block, as
// the kernel's. refused: this lock puts its waiters to sleep, and its platform cannot block
#include "lamina/sync/sleep_lock.hpp"
#include "tests/compile_fail/blocking.hpp"

void lock() {
    static SleepLock<Platform> blocks;
    blocks.lock();
    blocks.unlock();
}
