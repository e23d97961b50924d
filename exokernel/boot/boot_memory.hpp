// exokernel/boot/boot_memory.hpp - BootMemory: memory for what must be there before the frame
// table.
#pragma once

#include "exokernel/boot/boot_info.hpp"
#include "exokernel/core/panic.hpp"

namespace exo::boot {

/// Cuts zeroed pages off the ends of the usable ranges below 4 GiB; they are never given back.
class BootMemory {
public:
    explicit BootMemory(BootInfo& boot) : boot_(&boot) {}

    /// `bytes`, rounded up to pages. Panics when there is not enough.
    PhysAddr alloc(std::uint64_t bytes) {
        bytes = lamina::page_ceil(bytes);
        constexpr std::uint64_t reachable_end = 4ULL << 30;
        MemoryRange* best = nullptr;
        for (MemoryRange& range : boot_->ranges())
            if (range.end <= reachable_end && range.bytes() >= bytes &&
                (best == nullptr || range.bytes() > best->bytes()))
                best = &range;
        if (best == nullptr) panic("not enough memory to boot");
        best->end -= bytes;
        clear({best->end}, bytes);
        return {best->end};
    }

private:
    static void clear(PhysAddr address, std::uint64_t bytes);

    BootInfo* boot_;
};

}  // namespace exo::boot
