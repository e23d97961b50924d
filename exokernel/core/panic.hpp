// exokernel/core/panic.hpp - panic and LAMINA_ASSERT: the end of the road for our own bugs.
#pragma once

#include "exokernel/core/log.hpp"

namespace exo {

/// Stops the machine (host tests supply one that throws). Whoever needs words logs them first.
[[noreturn]] void stop_machine();

/// Logs `panic: parts...` and stops the machine.
[[noreturn]] void panic(const auto&... parts) {
    log_now("panic", parts...);
    stop_machine();
}

/// The end of an assertion that does not hold. In its own function, by value: what asserts needs no
/// stack for it.
[[noreturn, gnu::cold, gnu::noinline]] inline void assertion_failed(const char* what,
                                                                    unsigned line) {
    panic("assertion ", what, " line ", line);
}

}  // namespace exo

/// Ends in a panic when a condition that only a kernel bug can break is broken. Kept in release
/// builds. Mistakes of user programs are a lamina::Status, never an assertion.
#define LAMINA_ASSERT(condition)                                                   \
    do {                                                                           \
        if (!(condition)) [[unlikely]]                                             \
            ::exo::assertion_failed(#condition ", " __FILE__, unsigned(__LINE__)); \
    } while (false)
