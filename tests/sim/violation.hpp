// tests/sim/violation.hpp - how a run ends that broke one of the kernel's promises.
#pragma once

#include <cstdint>
#include <string_view>

namespace sim {

/// What a run is replayed from. `step` counts scheduling decisions from 1.
struct RunPosition {
    std::uint64_t seed = 0;
    std::uint64_t step = 0;
    std::uint64_t steps_max = 0;  ///< After these the CPUs only come to rest.
};
inline RunPosition run_position;

/// Prints the sentence that does not hold, what was seen and how to replay the run; then ends the
/// program with status 1, or by abort() if `abort_on_violation`.
[[noreturn]] void violated(std::string_view sentence, std::string_view seen);

inline bool abort_on_violation = false;

}  // namespace sim
