// tests/sim/call_shapes.hpp - the system calls and their arguments, from
// include/lamina/syscalls.def.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "lamina/syscalls.hpp"
#include "tests/calls/call_table.hpp"

namespace sim {

/// One argument as it is declared: `handle account` is of kind handle.
using ArgumentShape = calls::Argument;

/// A call as it is declared.
struct CallShape {
    std::uint64_t number;
    std::string_view name;
    std::array<ArgumentShape, calls::arguments_max> arguments;
    unsigned argument_count;
};

/// All calls, by number.
const std::array<CallShape, lamina::call_count>& call_shapes();

}  // namespace sim
