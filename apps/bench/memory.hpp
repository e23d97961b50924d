// apps/bench/memory.hpp - rows about system calls on memory and capabilities.
#pragma once

namespace bench {

/// Prints the rows. Returns the program's status: 1 if a call that is measured fails.
int measure_memory();

}  // namespace bench
