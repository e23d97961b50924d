// apps/bench/counted.hpp - what the processor did beside executing instructions, as the kernel
// counts it.
#pragma once

#include <cstdint>
#include <string_view>

#include "apps/bench/measure.hpp"

namespace bench {

/// Up to now, on all CPUs.
struct Counted {
    std::uint64_t crossings;  ///< System calls and exceptions.
    std::uint64_t table_loads;
    std::uint64_t invalidations;
    std::uint64_t switches;
};

/// Gives the CPU up, as the info page is renewed then, and reads it. That is one crossing.
Counted counted();
/// The same, when nobody else has run since: the page would tell the way back from it too late.
Counted counted_alone();

/// A row with what was counted beside it, of one of so many times.
void row(std::string_view name, std::uint64_t value, const Counted& before, const Counted& after,
         std::uint64_t times = 1);

/// A row with the fewest ticks that `work()` takes and what it does beside, found by doing it
/// often.
template <typename Work>
void measure_row(std::string_view name, Work work) {
    // What others do between is far less than one each.
    constexpr std::uint64_t times = 1000;
    const std::uint64_t least = measure(work);
    const Counted before = counted();
    for (std::uint64_t i = 0; i < times; ++i)
        work();
    row(name, least, before, counted(), times);
}

}  // namespace bench
