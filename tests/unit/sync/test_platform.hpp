// tests/unit/sync/test_platform.hpp - threads whose waits, clock and NUMA nodes a test controls.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>

#include "lamina/sync/host_platform.hpp"

namespace sync_test {

using namespace lamina::sync;

inline void wait_until(const std::function<bool()>& event) {
    while (!event())
        std::this_thread::yield();
}

/// What a test sees of a thread and decides about it.
struct Actor {
    std::uint32_t node = 0;
    /// Set by a test: the thread stops at its next round of waiting or when it is woken, as a
    /// virtual CPU does whose processor is given to another.
    std::atomic<bool> stopped{false};
    std::atomic<bool> stands{false};       ///< it has stopped
    std::atomic<std::uint64_t> rounds{0};  ///< rounds of waiting it has begun
    std::atomic<std::uint64_t> sleeps{0};  ///< times it went to sleep
    std::atomic<ThreadId> thread{0};
};

/// The host's threads with a clock of its own, which goes on by one at every round of waiting.
class TestPlatform : public HostPlatform {
public:
    static std::uint32_t node() { return actor().node; }
    static void relax() {
        Actor& me = actor();
        clock_.fetch_add(1);
        me.rounds.fetch_add(1);
        sched_yield();
        stand_while_stopped(me);
    }
    static std::uint64_t now() { return clock_.load(); }
    static void advance(std::uint64_t by) { clock_.fetch_add(by); }

    static void block(Atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::uint64_t deadline_ns) {
        Actor& me = actor();
        me.sleeps.fetch_add(1);
        if (deadline_ns == no_deadline) {
            HostPlatform::block(word, expected, no_deadline);
            return stand_while_stopped(me);
        }
        while (word.load() == expected && now() < deadline_ns)
            relax();
    }

    static Actor& actor() { return actor_ != nullptr ? *actor_ : nobody_; }
    static void act_as(Actor& actor) {
        actor_ = &actor;
        actor.thread.store(self());
    }

private:
    static void stand_while_stopped(Actor& me) {
        while (me.stopped.load()) {
            me.stands.store(true);
            sched_yield();
        }
        me.stands.store(false);
    }

    static inline std::atomic<std::uint64_t> clock_{1};
    static inline thread_local Actor nobody_;
    static inline constinit thread_local Actor* actor_ = nullptr;
};

/// A thread that runs a function, which usually waits for a lock.
class Waiter {
public:
    Waiter(std::uint32_t node, std::function<void()> work) {
        actor_.node = node;
        thread_ = std::thread([this, work = std::move(work)] {
            TestPlatform::act_as(actor_);
            work();
            done_.store(true);
        });
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { join(); }

    Actor& actor() { return actor_; }
    bool done() const { return done_.load(); }
    /// Returns when it waits: it has its place in the queue, or sleeps.
    void wait_until_it_waits(std::uint64_t rounds = 1) {
        wait_until([&] { return actor_.rounds.load() + actor_.sleeps.load() >= rounds; });
    }
    /// Takes its processor away while it spins, until `go_on` or `join`.
    void stop() {
        actor_.stopped.store(true);
        wait_until([&] { return actor_.stands.load(); });
    }
    void stop_when_woken() { actor_.stopped.store(true); }
    void go_on() { actor_.stopped.store(false); }
    void join() {
        actor_.stopped.store(false);
        if (thread_.joinable()) thread_.join();
    }

private:
    Actor actor_;
    std::atomic<bool> done_{false};
    std::thread thread_;
};

}  // namespace sync_test
