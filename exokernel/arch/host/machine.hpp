// exokernel/arch/host/machine.hpp - the machine as the portable kernel sees it, on the host.
#pragma once

#include "exokernel/core/types.hpp"

namespace exo::arch {

/// Physical memory of the host build: a page-aligned buffer that stands for addresses from 0.
inline std::byte* host_memory = nullptr;
/// How many single-page and whole-space invalidations were asked for.
inline std::uint64_t host_invalidations = 0;
inline PhysAddr host_page_table = {};

inline void* direct_map(PhysAddr address) { return host_memory + address.value; }
inline void invalidate_page(std::uint64_t) { ++host_invalidations; }
inline PhysAddr loaded_page_table() { return host_page_table; }
inline void load_page_table(PhysAddr table) { host_page_table = table; }

inline std::uint64_t host_cpu_interrupts = 0;
inline void interrupt_cpu(std::uint8_t) { ++host_cpu_interrupts; }

inline void flush_tlb() { ++host_invalidations; }

/// What cpu_local() returns.
inline void* host_cpu_local = nullptr;
inline void* cpu_local() { return host_cpu_local; }

}  // namespace exo::arch
