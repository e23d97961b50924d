// exokernel/arch/x86_64/features.hpp - what the processor offers, and turning it on.
#pragma once

#include <cstdint>

namespace exo::arch {

struct Features {
    bool smap = false;              ///< The kernel cannot touch user pages by mistake.
    std::uint32_t xsave_bytes = 0;  ///< Of the extended state that XCR0 enables.
};

/// Checks what the kernel cannot do without (NX, SYSCALL, FSGSBASE, XSAVE, an XSAVE area that fits
/// a vCPU), sets CR0, CR4, XCR0 and EFER, and so turns on what there is of SMEP, SMAP, UMIP and
/// PCID. Panics with the name of what this processor lacks.
Features enable_features();

}  // namespace exo::arch
