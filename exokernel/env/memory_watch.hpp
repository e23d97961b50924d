// exokernel/env/memory_watch.hpp - MemoryWatch: who is told when the machine's free memory is low.
#pragma once

#include "exokernel/env/env.hpp"

namespace exo {

/// One for the machine. Guarded by the kernel lock.
struct MemoryWatch {
    Notification* told = nullptr;  ///< By a reference; null: nobody.
    std::uint64_t bits = 0;

    /// Sets the bits when fewer than `low` frames are free, now or later, and again after more than
    /// `high` were. Replaces the watch before; null: none is left.
    void set(Notification* notification, std::uint64_t told_bits, std::uint64_t low,
             std::uint64_t high);
};

extern MemoryWatch memory_watch;

}  // namespace exo
