// apps/bench/measure.hpp - counts what a piece of work takes, in ticks of the time stamp counter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "libos/console/console.hpp"

namespace bench {

inline constexpr int rounds = 50;

/// The time stamp counter, in three instructions. Memory accesses stay on their side of it.
inline std::uint64_t ticks() {
    std::uint64_t value;
    asm volatile("rdtsc\n shl $32, %%rdx\n or %%rdx, %%rax"
                 : "=a"(value)
                 :
                 : "rdx", "cc", "memory");
    return value;
}

/// What is computed from the value before this is done before it, and after it what is after.
inline void settle(std::uint64_t& value) { asm volatile("" : "+r"(value)); }

/// The fewest ticks that `work` took in several rounds, without those of reading the counter:
/// what the work itself takes, with no timer interrupt in it. `undo` is not counted.
template <typename Work, typename Undo>
std::uint64_t measure(Work work, Undo undo) {
    std::uint64_t least = ~std::uint64_t{0};
    for (int i = 0; i < rounds; ++i) {
        const std::uint64_t start = ticks();
        std::uint64_t empty = ticks() - start;
        settle(empty);
        std::uint64_t before = ticks();
        work();
        const std::uint64_t after = ticks();
        settle(before);
        least = std::min(least, after - before - empty);
        undo();
    }
    return least;
}

template <typename Work>
std::uint64_t measure(Work work) {
    return measure(work, [] {});
}

/// A row of the output, as the tool reads it: `name` has no blanks.
inline void row(std::string_view name, std::uint64_t value) {
    libos::print(name, " ", value, "\n");
}

}  // namespace bench
