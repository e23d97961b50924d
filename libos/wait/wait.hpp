// libos/wait/wait.hpp - sleeping until a condition over words of memory holds.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"
#include "lamina/syscalls.hpp"
#include "libos/wait/condition.hpp"

namespace libos {

/// Waits until the condition holds or a time in nanoseconds since boot has come. A condition that
/// holds for less than a slice may be missed; who makes it true pokes the waiting vCPU if it is to
/// be seen at once. Errors: as predicate_wait.
lamina::Result<void> wait_until(const Condition& condition,
                                std::uint64_t deadline_ns = lamina::wait_forever);

}  // namespace libos
