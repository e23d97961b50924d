// apps/bench/contend.hpp - the same locks wanted by environments on every CPU at once.
#pragma once

#include <cstdint>
#include <string_view>

namespace bench {

/// Starts the app `name` (this one) as a worker on each CPU, at most eight, and waits for them.
/// Each of the non-blocking locks then guards data until it was changed `changes` times; in the
/// first `meetings` of these who is inside waits for another at the door. Prints a row for each:
/// its name; nanoseconds for each lock taken; the least and the most that one worker took, in
/// percent of an equal share. 0 if all ended, and nothing was lost or torn.
int contend(std::string_view name, std::uint64_t changes, std::uint64_t meetings);

}  // namespace bench
