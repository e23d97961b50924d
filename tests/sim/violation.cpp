// tests/sim/violation.cpp - printing what does not hold.
#include "tests/sim/violation.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace sim {

void violated(std::string_view sentence, std::string_view seen) {
    std::printf("violated: %.*s\n  seen: %.*s\n  seed %llu, step %llu\n", int(sentence.size()),
                sentence.data(), int(seen.size()), seen.data(),
                static_cast<unsigned long long>(run_position.seed),
                static_cast<unsigned long long>(run_position.step));
    std::printf(
        "  replay: ./lamina sim --seed %llu --steps %llu\n",
        static_cast<unsigned long long>(run_position.seed),
        static_cast<unsigned long long>(std::min(run_position.step, run_position.steps_max)));
    std::fflush(stdout);
    if (abort_on_violation) std::abort();
    std::_Exit(1);
}

}  // namespace sim
