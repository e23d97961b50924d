// tests/fuzz/syscall_fuzz.cpp - no sequence of system calls breaks a promise of the kernel
//
// The bytes choose, on the simulated machine of tests/sim, which CPU goes on, and which call with
// which arguments the program on it makes: what lamina/syscalls.def declares, and what it does not.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/sim/violation.hpp"
#include "tests/sim/world.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::uint64_t steps_max = 2000;
    sim::abort_on_violation = true;
    sim::Choices choices(std::span(data, size));
    const std::uint64_t kind = choices.below(8);
    (void)sim::run_world(
        choices, steps_max,
        {kind % 4 == 0 ? sim::frame_count_large : sim::frame_count_small, kind >= 4});
    return 0;
}
