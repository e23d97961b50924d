// tests/random_calls/tally.hpp - Tally: what came of the calls of one caller, in pages that the
// test shares with it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lamina/layout.hpp"
#include "lamina/status.hpp"
#include "tests/calls/argument_source.hpp"

namespace random_calls {

using calls::Words;
using lamina::Call;
using lamina::Status;

/// Statuses that the kernel may return are below this.
inline constexpr std::size_t status_count = 40;
/// One row more: numbers that are no call.
inline constexpr std::size_t row_count = lamina::call_count + 1;

/// An outcome that the table of system calls does not declare.
struct Surprise {
    std::uint64_t number;
    Words words;
    std::uint64_t status;
    std::uint64_t value;
};

/// Zeroed memory is an empty one.
struct Tally {
    std::uint64_t of[row_count][status_count];
    std::uint64_t total;
    std::uint64_t succeeded;
    /// Depends on every call and its outcome: equal runs have equal ones.
    std::uint64_t fingerprint;
    std::uint64_t surprises;
    Surprise first_surprise;

    void add(std::uint64_t number, const Words& words, std::uint64_t status, std::uint64_t value);
    void add(const Tally& other);
};

inline constexpr std::uint64_t tally_pages = lamina::page_ceil(sizeof(Tally)) / lamina::page_size;

/// Where the test puts the capability for the pages.
inline constexpr std::uint32_t tally_slot = 9;
/// Where it puts a capability to ask memory back from the account that the caller lives on.
inline constexpr std::uint32_t reclaim_slot = 10;

}  // namespace random_calls
