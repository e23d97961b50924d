// exokernel/arch/x86_64/extended_state.cpp - FS and GS base and the XSAVE state of a vCPU.
// Source: Intel SDM vol. 1, 13.4 and 13.7 to 13.8.
#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/arch/x86_64/registers.hpp"

namespace exo::arch {

// In the kernel the user's GS base is in the MSR that swapgs exchanges.
void save_extended(std::uint64_t& fs_base, std::uint64_t& gs_base, std::byte* area) {
    asm volatile("rdfsbase %0" : "=r"(fs_base));
    gs_base = read_msr(Msr::kernel_gs_base);
    asm volatile("xsave64 (%0)" : : "r"(area), "a"(~0U), "d"(~0U) : "memory");
}

// The data segment selectors mean nothing in 64-bit mode, but user code can set and read them: they
// start at null, or they would tell of the vCPU before. Loading one may change its base.
void load_extended(std::uint64_t fs_base, std::uint64_t gs_base, const std::byte* area) {
    asm volatile(
        "mov %0, %%ds\n mov %0, %%es\n mov %0, %%fs\n"
        "swapgs\n mov %0, %%gs\n swapgs"
        :
        : "r"(0)
        : "memory");
    asm volatile("wrfsbase %0" : : "r"(fs_base));
    write_msr(Msr::kernel_gs_base, gs_base);
    asm volatile("xrstor64 (%0)" : : "r"(area), "a"(~0U), "d"(~0U) : "memory");
}

void init_extended(std::byte* area) {
    // An all-zero header means: everything in its initial state, except MXCSR, which is always
    // loaded from the area. XSAVE only ever sets its first word.
    constexpr std::size_t header_offset = 512;
    std::memset(area + header_offset, 0, 8);
    constexpr std::size_t mxcsr_offset = 24;
    constexpr std::uint32_t mxcsr_initial = 0x1f80;
    std::memcpy(area + mxcsr_offset, &mxcsr_initial, sizeof mxcsr_initial);
}

}  // namespace exo::arch
