// tests/unit/sync/token_test.cpp - tokens: recursion, owners, and giving up while blocked.
#include "lamina/sync/token.hpp"

#include <memory>
#include <string>

#include "doctest/doctest.h"
#include "lamina/sync/sleep_lock.hpp"
#include "lamina/sync/statistics.hpp"
#include "tests/unit/sync/test_platform.hpp"

using namespace sync_test;

namespace {

using ByThreadToken = ThreadToken<TestPlatform, CountingStatistics<TestPlatform>>;
using ByCpuToken = CpuToken<TestPlatform, CountingStatistics<TestPlatform>>;
using Tokens = ThreadTokens<TestPlatform>;

/// Further away than the clock gets by waiting.
constexpr std::uint64_t far = 1'000'000'000;

/// Writes down what happens to a token: its letter, after - (given up), ? (wanted), + (taken).
struct Diary {
    char letter;
    std::string* text;
    std::uint32_t depth = 0;
    TokenObserver observer{
        .context = this,
        .released = [](void* diary, std::uint32_t depth) { note(diary, '-', depth); },
        .retaking = [](void* diary, std::uint32_t depth) { note(diary, '?', depth); },
        .retaken = [](void* diary, std::uint32_t depth) { note(diary, '+', depth); }};

    static void note(void* context, char what, std::uint32_t depth) {
        auto& diary = *static_cast<Diary*>(context);
        *diary.text += what;
        *diary.text += diary.letter;
        diary.depth = depth;
    }
};

}  // namespace

TEST_CASE_TEMPLATE("a token is recursive, and free after as many releases", Token, ByThreadToken,
                   ByCpuToken) {
    Token token;
    const auto free_for_others = [&] {
        bool taken = false;
        Waiter(0, [&] {
            taken = token.try_lock();
            if (taken) token.unlock();
        }).join();
        return taken;
    };
    CHECK_FALSE(token.holds());
    token.lock();
    CHECK(token.holds());
    token.lock();
    CHECK(token.try_lock());
    CHECK(token.lock_for(1));
    CHECK(token.times_taken() == 4);
    for (int i = 0; i < 3; ++i) {
        token.unlock();
        CHECK(token.holds());
        CHECK_FALSE(free_for_others());
    }
    CHECK(token.times_taken() == 1);
    token.unlock();
    CHECK_FALSE(token.holds());
    CHECK(free_for_others());
    CHECK(token.statistics().read().fast == 2);
}

TEST_CASE_TEMPLATE("who waits for a token with a deadline gives up at it", Token, ByThreadToken,
                   ByCpuToken) {
    Token token;
    token.lock();
    Waiter other(0, [&] {
        CHECK_FALSE(token.holds());
        CHECK_FALSE(token.lock_for(20));
        CHECK_FALSE(token.holds());
    });
    other.join();
    token.unlock();
    CHECK(token.lock_until(0));
    token.unlock();
}

TEST_CASE("who blocks gives all up and has all back as deep as before; observers see the order") {
    ByThreadToken a, b, c;
    std::string text;
    Diary diaries[] = {{'a', &text}, {'b', &text}, {'c', &text}};
    a.set_observer(&diaries[0].observer);
    b.set_observer(&diaries[1].observer);
    c.set_observer(&diaries[2].observer);
    a.lock();
    b.lock();
    b.lock();
    c.lock();
    REQUIRE(Tokens::about_to_block());
    CHECK(text == "-c-b-a");
    CHECK_FALSE(b.holds());
    Waiter(0, [&] {
        CHECK(b.try_lock());
        CHECK(b.times_taken() == 1);
        b.unlock();
    }).join();
    CHECK_FALSE(Tokens::about_to_block());  // it is blocking already
    text.clear();
    Tokens::resumed();
    CHECK(text == "?a?b?c+a+b+c");
    CHECK(b.times_taken() == 2);
    CHECK(diaries[1].depth == 2);
    CHECK(diaries[2].depth == 1);
    b.unlock();
    b.unlock();
    a.unlock();  // in another order than they were taken
    text.clear();
    REQUIRE(Tokens::about_to_block());
    Tokens::resumed();
    CHECK(text == "-c?c+c");
    c.unlock();
    CHECK_FALSE(Tokens::about_to_block());  // nothing is held
}

TEST_CASE("a holder that sleeps for a lock has no tokens meanwhile, and has them afterwards") {
    ByThreadToken token;
    SleepLock<TestPlatform> lock;
    lock.lock();
    bool held_after = false;
    std::uint32_t depth_after = 0;
    Waiter sleeper(0, [&] {
        token.lock();
        token.lock();
        lock.lock();
        held_after = token.holds();
        depth_after = token.times_taken();
        lock.unlock();
        token.unlock();
        token.unlock();
    });
    wait_until([&] { return sleeper.actor().sleeps.load() == 1; });
    CHECK(token.try_lock());
    lock.unlock();
    // It has the lock now, and sleeps for the token.
    wait_until([&] { return sleeper.actor().sleeps.load() == 2; });
    CHECK(lock.owner() == sleeper.actor().thread.load());
    token.unlock();
    sleeper.join();
    CHECK(held_after);
    CHECK(depth_after == 2);
}

TEST_CASE("a holder that waits in vain has its tokens back too") {
    ByThreadToken token;
    SleepLock<TestPlatform> lock;
    lock.lock();
    bool held_after = false;
    Waiter sleeper(0, [&] {
        token.lock();
        CHECK_FALSE(lock.lock_for(20));
        held_after = token.holds();
        token.unlock();
    });
    sleeper.join();
    CHECK(held_after);
    lock.unlock();
}

TEST_CASE_TEMPLATE("threads that take two tokens in opposite orders do not block each other", Token,
                   ByThreadToken, ByCpuToken) {
    for (int i = 0; i < 20; ++i) {
        Token a, b;
        std::atomic<int> have_one{0};
        const auto work = [&](Token& first, Token& second) {
            first.lock();
            have_one.fetch_add(1);
            wait_until([&] { return have_one.load() == 2; });
            second.lock();  // the other's, who waits for this one's
            CHECK(first.holds());
            CHECK(second.holds());
            second.unlock();
            first.unlock();
        };
        Waiter one(0, [&] { work(a, b); });
        Waiter two(0, [&] { work(b, a); });
        one.join();
        two.join();
        CHECK(a.try_lock());
        CHECK(b.try_lock());
        a.unlock();
        b.unlock();
    }
}

TEST_CASE_TEMPLATE("who waits for a token gives its others up, and has them back if it comes late",
                   Token, ByThreadToken, ByCpuToken) {
    Token tokens[2];
    Token& wanted = tokens[0];  // of the lower address: the other is taken again after it
    Token& other = tokens[1];
    wanted.lock();
    bool came = true;
    bool held_after = false;
    Waiter waiter(0, [&] {
        other.lock();
        other.lock();
        came = wanted.lock_for(far);
        held_after = other.holds() && other.times_taken() == 2;
        other.unlock();
        other.unlock();
    });
    waiter.wait_until_it_waits();
    CHECK(other.try_lock());
    other.unlock();
    TestPlatform::advance(far);
    waiter.join();
    CHECK_FALSE(came);
    CHECK(held_after);
    wanted.unlock();
    CHECK(other.try_lock());
    other.unlock();
}

TEST_CASE(
    "the tokens of a CPU stay with it when a thread on it blocks, unless its scheduler asks") {
    ByCpuToken token;
    token.lock();
    CHECK_FALSE(Tokens::about_to_block());
    CHECK(token.holds());
    REQUIRE(HeldTokens<ByCpu<TestPlatform>>::about_to_block());
    CHECK_FALSE(token.holds());
    HeldTokens<ByCpu<TestPlatform>>::resumed();
    CHECK(token.holds());
    token.unlock();
}
