// tests/bench/locks.cpp - times the locks of include/lamina/sync beside those of other libraries.
//
// Usage: locks ROUNDS. Prints a line `THREADS ROUND NAME NANOSECONDS` for each measurement: what
// one lock with its release took on average. All locks take their turn in each round, so that what
// else the machine does meets them all, and figures of one round can be compared.
#include <absl/synchronization/mutex.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

#include "lamina/sync/adaptive_mutex.hpp"
#include "lamina/sync/host_platform.hpp"
#include "lamina/sync/rw_lock.hpp"
#include "lamina/sync/sequence.hpp"
#include "lamina/sync/sleep_lock.hpp"
#include "lamina/sync/spin_lock.hpp"
#include "lamina/sync/token.hpp"
#include "lamina/sync/validated_lock.hpp"

namespace {

using namespace lamina::sync;
using Clock = std::chrono::steady_clock;

/// Acquisitions of one measurement: with one thread, and of all threads together.
constexpr std::uint64_t pairs_alone = 200'000;
constexpr std::uint64_t pairs_together = 400'000;
constexpr unsigned thread_counts[] = {1, 2, 4, 8};

struct PthreadSpin {
    PthreadSpin() { pthread_spin_init(&lock_, PTHREAD_PROCESS_PRIVATE); }
    void lock() { pthread_spin_lock(&lock_); }
    void unlock() { pthread_spin_unlock(&lock_); }
    pthread_spinlock_t lock_;
};
struct PthreadMutex {
    void lock() { pthread_mutex_lock(&lock_); }
    void unlock() { pthread_mutex_unlock(&lock_); }
    pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
};
struct PthreadRw {
    void lock() { pthread_rwlock_wrlock(&lock_); }
    void unlock() { pthread_rwlock_unlock(&lock_); }
    void lock_shared() { pthread_rwlock_rdlock(&lock_); }
    void unlock_shared() { pthread_rwlock_unlock(&lock_); }
    pthread_rwlock_t lock_ = PTHREAD_RWLOCK_INITIALIZER;
};
template <absl::OnDeadlockCycle mode>
struct AbslMutex {
    AbslMutex() { absl::SetMutexDeadlockDetectionMode(mode); }
    void lock() { lock_.Lock(); }
    void unlock() { lock_.Unlock(); }
    absl::Mutex lock_;
};

struct OrderedPlatform : HostPlatform {
    using Stack = HeldStack<64>;
    static constexpr bool has_interrupts = false;

    static Stack& held() { return held_; }
    static bool interrupts_enabled() { return false; }
    static void report(const Report& report) {
        std::fprintf(stderr, "the validator reports: %s\n", sentence_of(report.what));
        std::exit(1);
    }
    static void panic(const Report&) { std::abort(); }

private:
    static inline constinit thread_local Stack held_{};
};
struct Policy {
    static Validator<OrderedPlatform>& validator() {
        static constinit Validator<OrderedPlatform> validator(Mode::warn);
        return validator;
    }
};
struct MutexClass {
    static constexpr Rank rank = Rank::user;
    static constexpr auto name = "mutex";
};

/// What is done with a lock: each is a type with `pair()`, and `is_right(pairs)` at the end.
template <typename Lock>
class Exclusive {
public:
    void pair() {
        lock_.lock();
        ++counter_;
        lock_.unlock();
    }
    bool is_right(std::uint64_t pairs) const { return counter_ == pairs; }

private:
    alignas(64) Lock lock_;
    alignas(64) std::uint64_t counter_ = 0;  // not atomic: the lock must guard it
};

template <typename Lock>
class Shared {
public:
    void pair() {
        lock_.lock_shared();
        seen_.store(value_, std::memory_order_relaxed);
        lock_.unlock_shared();
    }
    bool is_right(std::uint64_t) const { return seen_.load() == value_; }

private:
    alignas(64) Lock lock_;
    alignas(64) std::uint64_t value_ = 1;
    std::atomic<std::uint64_t> seen_{0};
};

/// Everybody reads, nobody writes: a reader takes no lock.
class Sequence {
public:
    void pair() { seen_.store(snapshot_.load(), std::memory_order_relaxed); }
    bool is_right(std::uint64_t) const { return seen_.load() == 1; }

private:
    alignas(64) Snapshot<std::uint64_t, HostPlatform> snapshot_{1};
    alignas(64) std::atomic<std::uint64_t> seen_{0};
};

template <typename Work>
void repeat(Work& work, std::uint64_t pairs) {
    for (std::uint64_t i = 0; i < pairs; ++i)
        work.pair();
}

/// Each thread's share is done once all of them run; returns the time until the last has ended.
template <typename Work>
std::chrono::nanoseconds together(Work& work, unsigned threads) {
    std::atomic<unsigned> ready{0};
    std::atomic<bool> go{false};
    std::vector<Clock::time_point> ends(threads);
    std::vector<std::thread> running;
    for (unsigned i = 0; i < threads; ++i)
        running.emplace_back([&, i] {
            ready.fetch_add(1);
            while (!go.load(std::memory_order_acquire))
                sched_yield();
            repeat(work, pairs_together / threads);
            ends[i] = Clock::now();
        });
    while (ready.load() != threads)
        sched_yield();
    const auto start = Clock::now();
    go.store(true, std::memory_order_release);
    for (auto& thread : running)
        thread.join();
    return *std::max_element(ends.begin(), ends.end()) - start;
}

/// The processor time of the calling thread, which stands still while others have the processor.
std::chrono::nanoseconds thread_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

template <typename Work>
std::chrono::nanoseconds alone(Work& work) {
    const auto start = thread_time();
    repeat(work, pairs_alone);
    return thread_time() - start;
}

/// Nanoseconds a pair; the program ends if the lock did not exclude.
template <typename Work>
double measure(unsigned threads) {
    Work work;
    const std::uint64_t pairs = threads == 1 ? pairs_alone : pairs_together;
    const auto spent = threads == 1 ? alone(work) : together(work, threads);
    if (!work.is_right(pairs)) {
        std::fprintf(stderr, "a lock does not exclude\n");
        std::exit(1);
    }
    return double(spent.count()) / double(pairs);
}

struct Candidate {
    const char* name;
    double (*measure)(unsigned threads);
    /// With more threads each acquisition is a switch between them by design.
    bool alone_only = false;
};

constexpr Candidate candidates[] = {
    {"spin_lock", measure<Exclusive<SpinLock<HostPlatform>>>},
    {"pthread_spin", measure<Exclusive<PthreadSpin>>},
    {"adaptive_mutex", measure<Exclusive<AdaptiveMutex<HostPlatform>>>},
    {"pthread_mutex", measure<Exclusive<PthreadMutex>>},
    {"std::mutex", measure<Exclusive<std::mutex>>},
    {"absl::Mutex", measure<Exclusive<AbslMutex<absl::OnDeadlockCycle::kIgnore>>>},
    {"adaptive_mutex_validated",
     measure<Exclusive<ValidatedLock<MutexClass, AdaptiveMutex<HostPlatform>, Policy>>>},
    {"absl::Mutex_checked", measure<Exclusive<AbslMutex<absl::OnDeadlockCycle::kReport>>>},
    {"token", measure<Exclusive<ThreadToken<HostPlatform>>>},
    {"sleep_lock", measure<Exclusive<SleepLock<HostPlatform>>>, true},
    {"rw_lock_write", measure<Exclusive<RwLock<HostPlatform>>>},
    {"pthread_rwlock_write", measure<Exclusive<PthreadRw>>},
    {"rw_lock_read", measure<Shared<RwLock<HostPlatform>>>},
    {"pthread_rwlock_read", measure<Shared<PthreadRw>>},
    {"snapshot_load", measure<Sequence>},
};

}  // namespace

int main(int count, char** arguments) {
    const long rounds = count == 2 ? std::strtol(arguments[1], nullptr, 10) : 0;
    if (rounds < 1) {
        std::fprintf(stderr, "usage: locks ROUNDS\n");
        return 2;
    }
    // In a program with one thread glibc's mutex does without atomic instructions. This one has
    // two.
    std::atomic<bool> done{false};
    std::thread second([&] { done.wait(false); });
    for (const unsigned threads : thread_counts)
        for (long round = 0; round < rounds; ++round)
            for (const Candidate& candidate : candidates) {
                if (threads > 1 && candidate.alone_only) continue;
                std::printf("%u %ld %s %.2f\n", threads, round, candidate.name,
                            candidate.measure(threads));
                std::fflush(stdout);
            }
    done.store(true);
    done.notify_all();
    second.join();
    return 0;
}
