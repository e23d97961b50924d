// libos/wait/wait.cpp - sleeping until a condition over words of memory holds.
#include "libos/wait/wait.hpp"

#include "libos/sys/calls.hpp"

namespace libos {

lamina::Result<void> wait_until(const Condition& condition, std::uint64_t deadline_ns) {
    if (!condition.fits()) return lamina::fail(lamina::Status::bad_argument);
    return sys::predicate_wait(&condition.code(), deadline_ns);
}

}  // namespace libos
