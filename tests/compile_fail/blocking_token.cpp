// tests/compile_fail/blocking_token.cpp - a ThreadToken over a platform that cannot block, as the
// kernel's. refused: this lock puts its waiters to sleep, and its platform cannot block
#include "lamina/sync/token.hpp"
#include "tests/compile_fail/blocking.hpp"

void lock() {
    static ThreadToken<Platform> blocks;
    blocks.lock();
    blocks.unlock();
}
