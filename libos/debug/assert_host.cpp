// libos/debug/assert_host.cpp - how host programs end when they find a mistake of their own.
#include <cstdio>
#include <cstdlib>

#include "libos/debug/assert.hpp"

namespace libos {

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
    std::abort();
}

void panic(const char* why) {
    std::fprintf(stderr, "libos: %s\n", why);
    std::abort();
}

}  // namespace libos
