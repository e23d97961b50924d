// apps/bench/transfer.hpp - what it costs to have another environment run at once.
#pragma once

#include <string_view>

namespace bench {

/// Prints the rows of calls through a gate and of yielding, to an environment that is started by
/// this app's own name. The exit status.
int measure_transfer(std::string_view name);

/// What that environment does: serves calls, and yields back.
int serve_transfer();

}  // namespace bench
