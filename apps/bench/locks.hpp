// apps/bench/locks.hpp - what the locks of include/lamina/sync cost without a wait.
#pragma once

namespace bench {

/// Prints a row for each; 0 if all could be measured.
int measure_locks();

}  // namespace bench
