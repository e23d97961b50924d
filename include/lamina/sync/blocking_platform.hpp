// include/lamina/sync/blocking_platform.hpp - threads, and what locks need that put them to sleep.
#pragma once

#include <concepts>
#include <cstdint>

#include "lamina/sync/platform.hpp"

namespace lamina::sync {

/// A thread, for locks that know their owner: its slot in the low `thread_slot_bits`, above it a
/// generation that changes when the slot gets another thread. Never 0, and below
/// 1 << thread_id_bits, so that a lock word has room for two flags.
using ThreadId = std::uint32_t;
inline constexpr unsigned thread_id_bits = 30;

constexpr ThreadId make_thread_id(std::uint32_t slot, std::uint32_t generation) {
    constexpr std::uint32_t generations = (1U << (thread_id_bits - thread_slot_bits)) - 1;
    // Generations count from 1: no thread has the number 0.
    return slot | (1 + generation % generations) << thread_slot_bits;
}
constexpr std::uint32_t slot_of(ThreadId thread) { return thread & ((1U << thread_slot_bits) - 1); }

/// What locks need that put their waiters to sleep.
///
/// - `self()`: the calling thread. Cheap: it is on the fast path of these locks.
/// - `runs(thread)`: false if the thread is known not to be on a CPU. Waiting for one that runs is
///   shorter than going to sleep; a platform that cannot know says true.
/// - `alive(thread)`: false once the thread has ended, with what it held.
/// - `priority(thread)`: its own priority, larger is more urgent.
/// - `inherit(thread, priority)`: from here on it runs with at least this priority, because
///   somebody that urgent waits for it; 0 takes the loan back.
/// - `block(word, expected, deadline_ns)`: sleeps as long as `word` has the value `expected`, until
///   woken, or the deadline. The comparison and the falling asleep are one step with respect to
///   `wake`. May return early for no reason.
/// - `wake(word)`: wakes one thread that sleeps on `word`. A comparison after it sees what the
///   caller had stored to the word. The word may be of a thread that has long gone on.
template <typename Platform>
concept BlockingPlatform =
    SpinPlatform<Platform> &&
    requires(typename Platform::template Atomic<std::uint32_t>& word, ThreadId thread) {
        { Platform::self() } -> std::same_as<ThreadId>;
        { Platform::runs(thread) } -> std::same_as<bool>;
        { Platform::alive(thread) } -> std::same_as<bool>;
        { Platform::priority(thread) } -> std::same_as<std::uint32_t>;
        { Platform::inherit(thread, 0U) } -> std::same_as<void>;
        { Platform::block(word, 0U, no_deadline) } -> std::same_as<void>;
        { Platform::wake(word) } -> std::same_as<void>;
    };

}  // namespace lamina::sync
