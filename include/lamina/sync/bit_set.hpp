// include/lamina/sync/bit_set.hpp - BitSet: a fixed set of small numbers, plain or shared.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace lamina::sync {

/// A set of numbers below `bits`, a multiple of 64.
template <unsigned bits>
struct BitSet {
    static_assert(bits % 64 == 0);
    static constexpr unsigned word_count = bits / 64;
    std::array<std::uint64_t, word_count> words{};

    constexpr bool has(unsigned bit) const { return (words[bit / 64] >> bit % 64 & 1) != 0; }
    constexpr void add(unsigned bit) { words[bit / 64] |= std::uint64_t{1} << bit % 64; }
    constexpr void operator|=(const BitSet& other) {
        for (unsigned i = 0; i < word_count; ++i)
            words[i] |= other.words[i];
    }
};

/// The same, read by some while one other adds to it. Numbers are never taken out; readers see each
/// number late or in time, and nothing else follows from seeing it: relaxed order is enough.
template <unsigned bits>
struct SharedBitSet {
    static constexpr unsigned word_count = bits / 64;
    std::array<std::atomic<std::uint64_t>, word_count> words{};

    bool has(unsigned bit) const {
        return (words[bit / 64].load(std::memory_order_relaxed) >> bit % 64 & 1) != 0;
    }
    /// Only by one at a time.
    void add(unsigned bit) {
        auto& word = words[bit / 64];
        word.store(word.load(std::memory_order_relaxed) | std::uint64_t{1} << bit % 64,
                   std::memory_order_relaxed);
    }
    bool is_empty() const {
        for (const auto& word : words)
            if (word.load(std::memory_order_relaxed) != 0) return false;
        return true;
    }
    /// Whether every number of `other` is in this set.
    [[gnu::always_inline]] bool covers(const BitSet<bits>& other) const {
        std::uint64_t missing = 0;
        for (unsigned i = 0; i < word_count; ++i)
            missing |= other.words[i] & ~words[i].load(std::memory_order_relaxed);
        return missing == 0;
    }
};

}  // namespace lamina::sync
