// exokernel/arch/x86_64/features.hpp - what the processor offers, and turning it on.
#pragma once

#include <cstdint>

namespace exo::arch {

/// Features found by CPUID and switched on where they are protection.
struct Features {
    bool smep = false;
    bool smap = false;
    bool umip = false;
    bool gigabyte_pages = false;
    bool process_context = false;  ///< PCID: the TLB keeps the entries of several spaces.
    std::uint64_t xcr0 = 0;
    std::uint32_t xsave_bytes = 0;  ///< Of the extended state that xcr0 enables.
};

/// Checks what the kernel cannot do without (NX, SYSCALL, FSGSBASE, XSAVE, an XSAVE area that fits
/// a vCPU) and sets CR0, CR4, XCR0 and EFER. Panics with the name of what this processor lacks.
Features enable_features();

}  // namespace exo::arch
