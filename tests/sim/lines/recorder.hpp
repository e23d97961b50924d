// tests/sim/lines/recorder.hpp - which cache lines a program reads and writes, seen by its
// compiler.
#pragma once

#include <cstdint>
#include <set>

namespace lines {

/// The numbers (address / 64) of cache lines.
struct Lines {
    std::set<std::uintptr_t> read;
    std::set<std::uintptr_t> written;
};

/// Calls `action` and tells the lines that it used by instrumented instructions: those of the
/// kernel and this test, not those of memcpy() and memset(). The calling thread's stack is left
/// out. An atomic operation that may write counts as one that has.
Lines used_by(auto action);

void begin();
Lines end();

Lines used_by(auto action) {
    begin();
    action();
    return end();
}

}  // namespace lines
