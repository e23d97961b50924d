// include/lamina/sync/sequence.hpp - SequenceCounter and Snapshot: read without a lock, try again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "lamina/sync/platform.hpp"

namespace lamina::sync {

/// A counter that is odd while its data is being written. Readers take no lock: they read the
/// counter, the data, and the counter again, and begin anew if it was odd or has changed.
///
/// The data must be atomic objects, stored with release and loaded with acquire between the calls
/// (on x86-64 plain instructions; Boehm 2012, "Can seqlocks get along with programming language
/// memory models?"): who loads a new value then also sees the counter odd or changed. `Snapshot`
/// does so for any plain type.
///
/// Needs: at most one writer at a time, who cannot be interrupted by a reader that waits for it.
template <SpinPlatform Platform>
class SequenceCounter {
public:
    void write_begin() {
        count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    void write_end() {
        count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

    /// What `read_retry` wants to know. Odd: a writer is at work, the reading would be in vain.
    [[nodiscard]] std::uint32_t read_begin() const {
        return count_.load(std::memory_order_acquire);
    }
    /// Whether what was read since `read_begin` returned `begun` may be torn. A reader that is
    /// stopped for 2^31 writes in between is not warned.
    [[nodiscard]] bool read_retry(std::uint32_t begun) const {
        return (begun & 1) != 0 || count_.load(std::memory_order_relaxed) != begun;
    }

private:
    typename Platform::template Atomic<std::uint32_t> count_{0};
};

/// A value that one writer at a time replaces, and anybody reads whole without a lock. A reader
/// never delays the writer; it waits for a writer that does not run, unless it uses `try_load`.
template <typename T, SpinPlatform Platform>
class Snapshot {
    static_assert(std::is_trivially_copyable_v<T>, "a snapshot is copied word by word");

public:
    /// All bytes zero.
    constexpr Snapshot() = default;
    explicit Snapshot(const T& value) { copy_in(value); }
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

    /// Needs: no other writer at the same time.
    void store(const T& value) {
        sequence_.write_begin();
        copy_in(value);
        sequence_.write_end();
    }

    /// The value, or nothing if a writer was at work.
    [[nodiscard]] std::optional<T> try_load() const {
        const std::uint32_t begun = sequence_.read_begin();
        Words words;
        for (std::size_t i = 0; i < words.size(); ++i)
            words[i] = words_[i].load(std::memory_order_acquire);
        if (sequence_.read_retry(begun)) return std::nullopt;
        T value;
        std::memcpy(&value, words.data(), sizeof(T));
        return value;
    }

    /// The value, tried for until it is whole.
    [[nodiscard]] T load() const {
        for (;;) {
            if (const auto value = try_load()) return *value;
            Platform::relax();
        }
    }

private:
    using Words = std::array<std::uint64_t, (sizeof(T) + 7) / 8>;

    void copy_in(const T& value) {
        Words words{};
        std::memcpy(words.data(), &value, sizeof(T));
        for (std::size_t i = 0; i < words.size(); ++i)
            words_[i].store(words[i], std::memory_order_release);
    }

    SequenceCounter<Platform> sequence_;
    std::array<typename Platform::template Atomic<std::uint64_t>, std::tuple_size_v<Words>>
        words_{};
};

}  // namespace lamina::sync
