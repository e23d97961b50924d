// exokernel/arch/x86_64/features.hpp - what the processor offers, and turning it on.
#pragma once

#include <cstdint>

#include "exokernel/cpu/cpu_local.hpp"

namespace exo::arch {

/// Checks what the kernel cannot do without (NX, SYSCALL, FSGSBASE, XSAVE, an XSAVE area that fits
/// a vCPU), sets CR0, CR4, XCR0 and EFER of the CPU that runs this, and so turns on what there is
/// of SMEP, SMAP, UMIP and PCID. Returns the bytes of the extended state that XCR0 enables. Panics
/// with the name of what this processor lacks.
std::uint32_t enable_features(CpuLocal& cpu);

/// How many low bits of an APIC id tell threads of a core apart, and CPUs of a package. Of a
/// processor that does not tell, none and all: each CPU is a core, and all are in one package.
struct TopologyShifts {
    std::uint8_t core;
    std::uint8_t package;
};
TopologyShifts topology_shifts();

}  // namespace exo::arch
