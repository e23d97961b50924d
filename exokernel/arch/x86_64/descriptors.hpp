// exokernel/arch/x86_64/descriptors.hpp - GDT, TSS, IDT and the stacks the processor switches to.
// Source: Intel SDM vol. 3A, chapters 3.4, 6.10, 6.14, 7.2; AMD APM vol. 2, 4.7, for `syscall`.
#pragma once

#include <cstdint>

#include "exokernel/cpu/cpu_local.hpp"

namespace exo::arch {

/// Segment selectors. SYSRET loads SS from STAR[63:48] + 8 and CS from + 16, which fixes the
/// order of the user segments. There is no 32-bit code segment.
inline constexpr std::uint16_t kernel_code = 0x08;
inline constexpr std::uint16_t kernel_data = 0x10;
inline constexpr std::uint16_t user_data = USER_DATA;
inline constexpr std::uint16_t user_code = USER_CODE;

/// Interrupt vectors of devices; 0-31 are exceptions.
inline constexpr std::uint8_t timer_vector = 48;
inline constexpr std::uint8_t console_vector = 49;
inline constexpr std::uint8_t spurious_vector = 255;

/// Loads all tables, sets the kernel's GS base to `cpu` and the entry of `syscall`. Interrupts must
/// be masked.
void load_descriptors(CpuLocal& cpu);

/// Whether an address lies in the unmapped page below the kernel stack.
bool in_stack_guard(std::uint64_t address);

}  // namespace exo::arch
