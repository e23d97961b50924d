// tests/unit/sync/interleave/explorer.hpp - Explorer: all interleavings of a few threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace interleave {

inline constexpr int threads_max = 4;

/// Memory that belongs to the state of the threads; whole words of 8 bytes.
struct Region {
    void* start;
    std::size_t bytes;
};

/// What threads do, and what must hold.
struct Scenario {
    int threads;
    /// What each thread does; runs on a stack of its own, and must not allocate.
    void (*body)(int thread);
    /// All memory the threads share. Its contents at the start are those of the first state, and
    /// are put back at the end.
    std::vector<Region> memory;
    /// After each change of an atomic, by the thread that made it.
    std::function<void(const void* address, std::uint64_t before, std::uint64_t now)> changed;
    /// When all threads are done.
    std::function<void()> at_end;
    /// In one run, so many times a thread goes on from a wait although nothing has changed.
    std::uint32_t spurious_max = 0;
    std::uint64_t states_max = 200'000'000;
};

/// What came out.
struct Outcome {
    std::string failure;        ///< the sentence that did not hold; empty if all do
    std::vector<int> schedule;  ///< that led to it: which thread took each step
    std::uint64_t states = 0;
    std::uint64_t ends = 0;  ///< different states in which all are done
    bool complete = false;   ///< every state was visited
};

/// Runs threads on one processor, one step at a time, in every order. A step is one access to an
/// atomic and what follows it up to the next one, so all that sequentially consistent memory allows
/// is seen. States are compared as bytes, stacks included: one that was seen is not gone on from.
///
/// A thread that spins goes on when another changes something it has read since its last round (its
/// next round would else be the same); one that sleeps when it is woken or its deadline has passed.
/// A state in which nobody can go on, and not all are done, is a failure: a lost wake-up or
/// deadlock.
class Explorer {
public:
    static Outcome explore(const Scenario& scenario);

    // From inside a thread.
    static int current();
    static void step();
    static void note_read(const void* address);
    static void note_change(const void* address, std::uint64_t before, std::uint64_t now);
    static void spin();
    static void sleep(const void* address, std::uint64_t deadline);
    static void wake(const void* address);
    static bool sleeps(int thread);
    /// Ends the exploration with this sentence. Does not return if called inside a thread.
    static void fail(const char* sentence);

    /// The threads' clock.
    static std::uint64_t clock();
    static void set_clock(std::uint64_t now);
};

}  // namespace interleave
