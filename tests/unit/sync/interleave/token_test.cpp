// tests/unit/sync/interleave/token_test.cpp - tokens in every interleaving.
#include "lamina/sync/token.hpp"

#include "doctest/doctest.h"
#include "lamina/sync/sleep_lock.hpp"
#include "tests/unit/sync/interleave/ideal_guard.hpp"

using namespace interleave;
using namespace lamina::sync;

namespace {

using Mutex = AdaptiveMutex<MutexPlatform, NoStatistics,
                            BlockingTuning{.polls_max = 0, .overtakings_max = 1}>;
using TestToken = Token<ByThread<MutexPlatform>, Mutex>;

std::array<TestToken, 2> tokens;
SleepLock<MutexPlatform> sleep_lock;

/// Who is inside of which token; part of the state.
struct Watch {
    std::array<std::uint64_t, 2> inside;
};
Watch watch;

void hold(std::size_t token) {
    if (watch.inside[token] != 0) Explorer::fail("two threads hold a token");
    watch.inside[token] = 1;
    Explorer::step();
    watch.inside[token] = 0;
    if (!tokens[token].holds()) Explorer::fail("a token is lost");
}

void explore(int threads, void (*body)(int)) {
    watch = {};
    MutexPlatform::priorities = {};
    const Outcome outcome =
        Explorer::explore({.threads = threads,
                           .body = body,
                           .memory = {{&tokens, sizeof tokens},
                                      {&sleep_lock, sizeof sleep_lock},
                                      {guard_lock(), sizeof *guard_lock()},
                                      {&Stile::wait_of(make_thread_id(0, 0)),
                                       threads_max * sizeof(ThreadWait<MutexPlatform>)},
                                      token_lists(),
                                      {&watch, sizeof watch}},
                           .changed = {},
                           .at_end = [] {}});
    CHECK(outcome.failure == "");
    CHECK(outcome.complete);
    CHECK(outcome.ends > 0);
    MESSAGE(outcome.states << " states, " << outcome.ends << " ends");
}

}  // namespace

TEST_CASE("two threads that take two tokens in opposite orders both come to an end") {
    explore(2, [](int thread) {
        const auto first = std::size_t(thread);
        tokens[first].lock();
        tokens[1 - first].lock();
        hold(0);
        hold(1);
        tokens[1 - first].unlock();
        hold(first);
        tokens[first].unlock();
    });
}

TEST_CASE("a holder that sleeps for a lock under it has the token back, and nobody is stuck") {
    explore(2, [](int thread) {
        // One takes the lock inside of the token, the other the token inside of the lock.
        if (thread == 0) {
            tokens[0].lock();
            sleep_lock.lock();
            hold(0);
            sleep_lock.unlock();
            tokens[0].unlock();
        } else {
            sleep_lock.lock();
            tokens[0].lock();
            hold(0);
            tokens[0].unlock();
            sleep_lock.unlock();
        }
    });
}
