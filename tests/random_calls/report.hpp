// tests/random_calls/report.hpp - the outcomes of random calls as a table, and what is wrong with
// them.
#pragma once

#include <cstdint>

#include "tests/random_calls/expected.hpp"

namespace random_calls {

/// Prints for each call how often it was made, how often it worked, and how often it failed in each
/// way.
void print_table(const Tally& tally);

/// Fails the test case for each outcome that was not reached `least` times, or that cannot be and
/// was; and for one that is not declared.
void check_outcomes(const Tally& tally, std::uint64_t least);

}  // namespace random_calls
