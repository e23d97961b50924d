// libos/debug/assert.hpp - LAMINA_ASSERT: our own mistakes, checked in release builds too.
#pragma once

namespace libos {

/// Says on the console what failed and where, then ends the environment (status_aborted); on the
/// host, aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

/// Says why on the console and ends the environment (status_aborted); on the host, aborts.
[[noreturn]] void panic(const char* why);

/// The status of an environment that ended itself because of a mistake in it.
inline constexpr int status_aborted = 121;

}  // namespace libos

#define LAMINA_ASSERT(expression) \
    ((expression) ? void(0) : ::libos::assertion_failed(#expression, __FILE__, __LINE__))
