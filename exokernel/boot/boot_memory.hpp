// exokernel/boot/boot_memory.hpp - BootMemory: memory for what comes before the frame table.
#pragma once

#include "exokernel/boot/boot_info.hpp"

namespace exo::boot {

/// Cuts zeroed pages off the ends of the usable ranges below 4 GiB; they are never given back.
class BootMemory {
public:
    explicit BootMemory(BootInfo& boot) : boot_(&boot) {}

    /// `bytes`, rounded up to pages. Panics when there is not enough.
    PhysAddr alloc(std::uint64_t bytes);

private:
    BootInfo* boot_;
};

}  // namespace exo::boot
