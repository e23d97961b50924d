// exokernel/arch/x86_64/descriptors.hpp - GDT, TSS, IDT and the stacks the processor switches to.
// Source: Intel SDM vol. 3A, chapters 3.4, 6.10, 6.14, 7.2; AMD APM vol. 2, 4.7, for `syscall`.
#pragma once

#include <cstdint>

#include "exokernel/arch/x86_64/stacks.hpp"
#include "exokernel/cpu/cpu_local.hpp"

namespace exo::arch {

/// Segment selectors. SYSRET loads SS from STAR[63:48] + 8 and CS from + 16, which fixes the
/// order of the user segments. There is no 32-bit code segment.
inline constexpr std::uint16_t kernel_code = 0x08;
inline constexpr std::uint16_t user_data = USER_DATA;

/// Interrupt vectors of devices; 0-31 are exceptions.
inline constexpr std::uint8_t timer_vector = 48;
inline constexpr std::uint8_t console_vector = 49;
inline constexpr std::uint8_t notify_vector = 50;  ///< From another CPU.
inline constexpr std::uint8_t spurious_vector = 255;

/// The processor's tables of one CPU; their page can be made read-only once they are loaded.
struct alignas(page_size) CpuTables {
    struct [[gnu::packed]] TaskState {
        std::uint32_t reserved0;
        std::uint64_t rsp[3];
        std::uint64_t reserved1;
        std::uint64_t ist[7];
        std::uint64_t reserved2;
        std::uint16_t reserved3;
        std::uint16_t io_map;
    } task_state;
    // Null, kernel code, kernel data, user data, user code, TSS (two entries). Flat 64-bit
    // segments. Their accessed bits are set, and `ltr` marks the TSS busy: the processor writes no
    // more.
    std::uint64_t gdt[7] = {0, 0x00af'9b00'0000'ffff, 0x00cf'9300'0000'ffff, 0x00cf'f300'0000'ffff,
                            0x00af'fb00'0000'ffff};
};
static_assert(sizeof(CpuTables::TaskState) == 104);

/// All that one CPU has of its own. The boot CPU's lies in the image, the others' in the window
/// from cpu_blocks_start on, each with a hole at its guard page.
struct CpuBlock {
    GuardedStack stack;
    InterruptStack interrupt_stacks[interrupt_stack_count];
    CpuTables tables;
    CpuLocal local;
};
inline constexpr std::uint64_t cpu_blocks_start = 0xffff'ffff'c000'0000;
inline constexpr std::uint64_t cpu_block_step = 0x2'0000;
static_assert(sizeof(CpuBlock) <= cpu_block_step);

/// Fills the interrupt table, which all CPUs share.
void fill_interrupt_table();

/// Loads all tables of the CPU that runs this, makes its block's CpuLocal the kernel's GS base and
/// sets the entry of `syscall`. Needs: interrupts are masked, CS and SS are those of start.S.
void load_descriptors(CpuBlock& block);
/// Makes the block of the CPU that boots, in the image; its stack is in use already.
CpuBlock& make_boot_block();

/// Whether an address lies in the unmapped page below this CPU's kernel stack.
bool in_stack_guard(std::uint64_t address);

}  // namespace exo::arch
