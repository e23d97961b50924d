// tests/unit/sync/interleave/platform.hpp - the platform whose every atomic access is a step.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>

#include "lamina/sync/blocking_platform.hpp"
#include "tests/unit/sync/interleave/explorer.hpp"

namespace interleave {

/// Stands for MachineAtomic. Orders are not looked at: memory is sequentially consistent here. That
/// the orders asked for suffice is what the models of tests/models and the thread sanitizer check.
template <typename T>
class SteppedAtomic {
public:
    constexpr SteppedAtomic() = default;
    constexpr SteppedAtomic(T value) : value_(value) {}

    T load(std::memory_order) const {
        Explorer::step();
        Explorer::note_read(this);
        return value_;
    }
    void store(T value, std::memory_order) {
        Explorer::step();
        set(value);
    }
    T exchange(T value, std::memory_order) {
        Explorer::step();
        return set(value);
    }
    bool compare_exchange_strong(T& expected, T value, std::memory_order, std::memory_order) {
        Explorer::step();
        Explorer::note_read(this);
        if (value_ != expected) {
            expected = value_;
            return false;
        }
        set(value);
        return true;
    }
    bool compare_exchange_weak(T& expected, T value, std::memory_order one, std::memory_order two) {
        return compare_exchange_strong(expected, value, one, two);
    }
    T fetch_add(T by, std::memory_order) {
        Explorer::step();
        return set(value_ + by);
    }
    T fetch_sub(T by, std::memory_order) {
        Explorer::step();
        return set(value_ - by);
    }
    T fetch_or(T bits, std::memory_order) {
        Explorer::step();
        return set(value_ | bits);
    }
    T fetch_and(T bits, std::memory_order) {
        Explorer::step();
        return set(value_ & bits);
    }
    void store_low_byte(std::uint8_t value) {
        Explorer::step();
        set((value_ & ~T{0xff}) | value);
    }

    /// For checks: no step.
    T peek() const { return value_; }

private:
    static std::uint64_t bits_of(T value) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, &value, sizeof value);
        return bits;
    }
    T set(T value) {
        const T before = value_;
        value_ = value;
        if (before != value) Explorer::note_change(this, bits_of(before), bits_of(value));
        return before;
    }

    T value_{};
};

/// Thread i of the explorer has slot i; its NUMA node and priority are what the scenario says.
struct SteppedPlatform {
    template <typename T>
    using Atomic = SteppedAtomic<T>;
    struct InterruptState {};

    static constexpr std::uint32_t slots_max = threads_max;
    static inline std::array<std::uint32_t, threads_max> nodes{};
    static inline std::array<std::uint32_t, threads_max> priorities{};
    static inline std::array<std::uint32_t, threads_max> inherited{};

    static std::uint32_t slot() { return std::uint32_t(Explorer::current()); }
    static std::uint32_t node() { return nodes[slot()]; }
    static void relax() { Explorer::spin(); }
    static std::uint64_t now() {
        Explorer::step();
        return Explorer::clock();
    }
    static InterruptState mask_interrupts() { return {}; }
    static void restore_interrupts(InterruptState) {}

    static lamina::sync::ThreadId self() { return lamina::sync::make_thread_id(slot(), 0); }
    static bool runs(lamina::sync::ThreadId thread) {
        Explorer::step();
        return !Explorer::sleeps(int(lamina::sync::slot_of(thread)));
    }
    static bool alive(lamina::sync::ThreadId) { return true; }
    static std::uint32_t priority(lamina::sync::ThreadId thread) {
        return priorities[lamina::sync::slot_of(thread)];
    }
    static void inherit(lamina::sync::ThreadId thread, std::uint32_t priority) {
        inherited[lamina::sync::slot_of(thread)] = priority;
    }
    static void block(Atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::uint64_t deadline_ns) {
        Explorer::step();
        if (word.peek() == expected) Explorer::sleep(&word, deadline_ns);
    }
    static void wake(Atomic<std::uint32_t>& word) {
        Explorer::step();
        Explorer::wake(&word);
    }
};

}  // namespace interleave
