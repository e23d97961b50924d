// include/lamina/sync/no_statistics.hpp - NoStatistics: a lock that counts nothing.
#pragma once

#include <cstdint>

namespace lamina::sync {

/// In place of CountingStatistics: no instruction of it remains in a lock.
struct NoStatistics {
    static constexpr bool enabled = false;

    void taken_fast() {}
    void taken_shared_fast() {}
    std::uint64_t wait_begins() { return 0; }
    void wait_ends(std::uint64_t, bool) {}
    void wait_ends_shared(std::uint64_t, bool) {}
    void releases() {}
    void blocks() {}
    void lends() {}
};

}  // namespace lamina::sync
