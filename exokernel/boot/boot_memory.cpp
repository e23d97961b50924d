// exokernel/boot/boot_memory.cpp - cutting pages off the usable ranges.
#include "exokernel/boot/boot_memory.hpp"

#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/core/panic.hpp"

namespace exo::boot {

PhysAddr BootMemory::alloc(std::uint64_t bytes) {
    bytes = lamina::page_ceil(bytes);
    constexpr std::uint64_t reachable_end = 4ULL << 30;
    MemoryRange* best = nullptr;
    for (MemoryRange& range : boot_->ranges())
        if (range.end <= reachable_end && range.bytes() >= bytes &&
            (best == nullptr || range.bytes() > best->bytes()))
            best = &range;
    if (best == nullptr) panic("not enough memory to boot");
    best->end -= bytes;
    std::memset(arch::direct_map({best->end}), 0, bytes);
    return {best->end};
}

}  // namespace exo::boot
