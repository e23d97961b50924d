// exokernel/arch/x86_64/machine.hpp - the machine as the portable kernel sees it.
#pragma once

#include <cstddef>

#include "exokernel/core/offsets.h"
#include "exokernel/core/types.hpp"

/// A function for a rare case that a fast path calls: it keeps every register.
#define LAMINA_KEEPS_REGISTERS [[gnu::cold, gnu::noinline, gnu::no_caller_saved_registers]]

namespace exo::arch {

/// Where all physical memory appears in the kernel half.
inline constexpr std::uint64_t direct_map_base = 0xffff'8000'0000'0000;
/// Where the kernel image appears: physical address + this.
inline constexpr std::uint64_t image_base = 0xffff'ffff'8000'0000;

/// The kernel's address of a physical one.
inline void* direct_map(PhysAddr address) {
    return reinterpret_cast<void*>(direct_map_base + address.value);
}

/// Fills a page with zeros (Intel SDM vol. 2B, REP: the fast way for a whole page).
inline void clear_page(void* page) {
    std::uint64_t words = page_size / 8;
    asm volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0) : "memory");
}

/// Drops this CPU's TLB entry of one user page of the space loaded now.
inline void invalidate_page(std::uint64_t address) {
    asm volatile("invlpg (%0)\n incq %%gs:%c1"
                 :
                 : "r"(address), "i"(CPU_INVALIDATIONS)
                 : "memory", "cc");
}

/// CR3 beside the address of the root table (Intel SDM vol. 3A, 4.10.4.1): the tag of the TLB
/// entries made from now on, and whether those there with this tag are kept.
inline constexpr std::uint64_t root_mask = (1ULL << 52) - page_size;
inline constexpr std::uint64_t keep_tagged = 1ULL << 63;

inline std::uint64_t read_root() {
    std::uint64_t value;
    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}
inline void write_root(std::uint64_t value) {
    asm volatile("mov %0, %%cr3\n incq %%gs:%c1"
                 :
                 : "r"(value), "i"(CPU_TABLE_LOADS)
                 : "memory", "cc");
}

/// The top-level page table this CPU uses.
inline PhysAddr loaded_page_table() { return {read_root() & root_mask}; }

/// Changes to another space; drops all TLB entries that are not global and have no tag or, if
/// `tag` is not 0, those with this one, unless they are to be kept. Needs for a tag:
/// has_tlb_tags().
inline void load_page_table(PhysAddr table, std::uint32_t tag = 0, bool keep = false) {
    write_root(table.value | tag | (keep ? keep_tagged : 0));
}

/// Whether the TLB keeps entries of several spaces apart (PCID), and whether a page may have 1 GiB.
bool has_tlb_tags();
bool has_gigabyte_pages();

/// The CpuLocal of this CPU; its first word points to itself (CPU_SELF in core/offsets.h).
inline void* cpu_local() {
    void* self;
    asm("mov %%gs:0, %0" : "=r"(self));  // not volatile: it is the same all through a function
    return self;
}

/// The index of this CPU, 0 for the one that booted.
inline std::uint32_t cpu_index() {
    std::uint32_t index;
    asm("mov %%gs:%c1, %0" : "=r"(index) : "i"(CPU_INDEX));
    return index;
}

/// The bit of this CPU in a set of CPUs.
inline std::uint64_t cpu_bit() {
    std::uint64_t bit;
    asm("mov %%gs:%c1, %0" : "=r"(bit) : "i"(CPU_BIT));
    return bit;
}

/// Whether this CPU must dispatch before it goes back to user mode.
inline bool must_dispatch() {
    bool must;
    asm volatile("cmpq $0, %%gs:%c1" : "=@ccne"(must) : "i"(CPU_MUST_DISPATCH) : "memory");
    return must;
}

/// Nanoseconds since boot, from the time stamp counter. Needs: the clock is calibrated.
std::uint64_t now_ns();

/// Makes the timer interrupt this CPU once, at or soon after a time since boot.
void arm_timer(std::uint64_t deadline_ns);

/// Makes another CPU enter its kernel soon: it may have something to do.
void interrupt_cpu(std::uint8_t apic_id);
/// Drops the TLB entries of the space loaded now that are not global.
inline void flush_tlb() { write_root(read_root()); }

/// Sleeps until an interrupt came and was handled. Needs: interrupts masked; they are again after.
inline void wait_for_interrupt() { asm volatile("sti; hlt; cli" : : : "memory"); }

/// Lets interrupts that are waiting in, then masks them again.
inline void interrupt_window() { asm volatile("sti; nop; cli" : : : "memory"); }

/// Says that this CPU only waits for another one (Intel SDM vol. 2B, PAUSE).
inline void relax() { __builtin_ia32_pause(); }

/// A lock as it is. Only a simulator sees when it is taken (arch/host).
template <typename Lock>
using SeenLock = Lock;

/// A part of memory in which XSAVE puts extended state.
struct ExtendedArea {
    std::byte bytes[576];
};
inline ExtendedArea& extended_area(std::byte* area) {
    return *reinterpret_cast<ExtendedArea*>(area);
}
inline const ExtendedArea& extended_area(const std::byte* area) {
    return *reinterpret_cast<const ExtendedArea*>(area);
}

/// Saves what the entry code leaves alone: FS and GS base and the XSAVE area (Intel SDM vol. 1,
/// 13.4, 13.7 and 13.8). In the kernel the user's GS base is the one that swapgs exchanges for.
inline void save_extended(std::uint64_t& fs_base, std::uint64_t& gs_base, std::byte* area) {
    std::uint64_t fs;
    std::uint64_t gs;
    asm volatile("rdfsbase %0\n swapgs\n rdgsbase %1\n swapgs" : "=r"(fs), "=r"(gs) : : "memory");
    fs_base = fs;
    gs_base = gs;
    asm volatile("xsave64 %0" : "=m"(extended_area(area)) : "a"(~0U), "d"(~0U) : "memory");
}

/// Loads the XSAVE area, no more: the way out from gate_return loads the rest.
inline void load_area(const std::byte* area) {
    asm volatile("xrstor64 %0" : : "m"(extended_area(area)), "a"(~0U), "d"(~0U) : "memory");
}

/// Loads what save_extended() saves. The data segment selectors mean nothing in 64-bit mode, but
/// user code can set and read them: they start at null, or they would tell of the vCPU before.
/// Loading one may change its base.
inline void load_extended(std::uint64_t fs_base, std::uint64_t gs_base, const std::byte* area) {
    asm volatile(
        "mov %2, %%ds\n mov %2, %%es\n mov %2, %%fs\n"
        "swapgs\n mov %2, %%gs\n wrgsbase %1\n swapgs\n wrfsbase %0"
        :
        : "r"(fs_base), "r"(gs_base), "r"(0)
        : "memory");
    load_area(area);
}

/// Both at once: saves one, loads another.
[[gnu::always_inline]] inline void exchange_extended(std::uint64_t& fs_base, std::uint64_t& gs_base,
                                                     std::byte* area, std::uint64_t next_fs_base,
                                                     std::uint64_t next_gs_base,
                                                     const std::byte* next_area) {
    std::uint64_t fs;
    std::uint64_t gs;
    asm volatile(
        "rdfsbase %0\n mov %4, %%ds\n mov %4, %%es\n mov %4, %%fs\n wrfsbase %2\n"
        "swapgs\n rdgsbase %1\n mov %4, %%gs\n wrgsbase %3\n swapgs"
        : "=&r"(fs), "=&r"(gs)
        : "r"(next_fs_base), "r"(next_gs_base), "r"(std::uint64_t{0})
        : "memory");
    fs_base = fs;
    gs_base = gs;
    asm volatile("xsave64 %0\n xrstor64 %1"
                 : "=m"(extended_area(area))
                 : "m"(extended_area(next_area)), "a"(~0U), "d"(~0U)
                 : "memory");
}

/// An XSAVE area that loads as the initial state: everything is in it if the first word of the
/// header is zero, but for MXCSR, which is always loaded from the area.
struct alignas(64) InitialArea {
    std::uint32_t before[6] = {};
    std::uint32_t mxcsr = 0x1f80;
    std::uint32_t after[137] = {};
    const std::byte* bytes() const { return reinterpret_cast<const std::byte*>(this); }
};
static_assert(sizeof(InitialArea) == sizeof(ExtendedArea));
inline constexpr InitialArea initial_area;

/// Makes an area that is zeroed, or was saved to, such a one: XSAVE sets no other word of the
/// header.
inline void init_extended(std::byte* area) {
    constexpr std::uint64_t none = 0;
    __builtin_memcpy(area + 24, &initial_area.mxcsr, sizeof initial_area.mxcsr);
    __builtin_memcpy(area + 512, &none, sizeof none);
}

/// The way out to a vCPU with a context, in entry.S. Only the host's comes back, which keeps the
/// compiler from taking its callers for the unlikely.
inline void go_on_with(const void* context) {
    asm volatile("jmp exo_go_on" : : "a"(context) : "memory");
}

/// Ends what this CPU does; the second way the machine starts again.
[[noreturn]] void halt();
[[noreturn]] void reset_cpu();

}  // namespace exo::arch
