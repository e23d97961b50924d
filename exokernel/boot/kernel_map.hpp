// exokernel/boot/kernel_map.hpp - the kernel half of all address spaces.
#pragma once

#include <span>

#include "exokernel/arch/x86_64/descriptors.hpp"
#include "exokernel/boot/boot_info.hpp"

namespace exo::boot {

/// Builds the kernel half (docs/memory-layout.md) and returns its root: the direct map of all RAM,
/// never executable and read-only where the kernel image is; the image by its sections, none both
/// writable and executable, a hole under the stack in `block`; what `devices` have, registers
/// or a framebuffer, uncached in the direct map.
PhysAddr build_kernel_map(BootInfo& boot, const arch::CpuBlock& block,
                          std::span<const MemoryRange> devices);

/// Makes the CpuBlock of CPU `index` in memory of its own, with a hole at its guard page.
arch::CpuBlock& map_cpu_block(PhysAddr root, std::uint32_t index, BootInfo& boot);
/// Makes the tables page of this CPU's block read-only; they are loaded already.
void seal_cpu_tables(PhysAddr root, const arch::CpuBlock& block);

/// Makes what boot has filled in for good read-only (sections .after_init).
void seal_after_init(PhysAddr root);

}  // namespace exo::boot
