// exokernel/arch/x86_64/features.cpp - CPUID checks and control registers.
// Source: Intel SDM vol. 2A, CPUID; vol. 3A, 2.5; vol. 1, chapter 13 (XSAVE).
#include "exokernel/arch/x86_64/features.hpp"

#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/vcpu.hpp"

namespace exo::arch {
namespace {

constexpr bool bit(std::uint32_t value, unsigned number) { return (value >> number & 1) != 0; }

void need(bool there, const char* what) {
    if (!there) panic("this processor lacks ", what);
}

constexpr std::uint64_t efer_syscall = 1ULL << 0;
constexpr std::uint64_t efer_no_execute = 1ULL << 11;

/// x87, SSE and AVX; AVX-512 (opmask and both halves of the registers) if all of it is there.
std::uint64_t extended_state_wanted(std::uint64_t offered) {
    constexpr std::uint64_t x87_sse_avx = 0x7;
    constexpr std::uint64_t avx512 = 0xe0;
    const bool has_avx512 = (offered & avx512) == avx512;
    return offered & (x87_sse_avx | (has_avx512 ? avx512 : 0));
}

LAMINA_AFTER_INIT bool large_pages_to_gib = false;
LAMINA_AFTER_INIT bool tlb_tags = false;

}  // namespace

bool has_gigabyte_pages() { return large_pages_to_gib; }
bool has_tlb_tags() { return tlb_tags; }

std::uint32_t enable_features(CpuLocal& cpu) {
    const Cpuid basic = cpuid(1);
    const Cpuid structured = cpuid(7);
    const Cpuid extended = cpuid(0x8000'0001);
    need(bit(extended.edx, 20), "NX");
    need(bit(extended.edx, 11), "SYSCALL");
    need(bit(structured.ebx, 0), "FSGSBASE");
    need(bit(basic.ecx, 26), "XSAVE");

    large_pages_to_gib = bit(extended.edx, 26);
    tlb_tags = bit(basic.ecx, 17);
    cpu.has_smap = bit(structured.ebx, 20);

    write_msr(Msr::efer, read_msr(Msr::efer) | efer_syscall | efer_no_execute);
    const std::uint64_t cleared = cr0::emulation | cr0::task_switched;
    write_cr<0>((read_cr<0>() & ~cleared) | cr0::monitor_coprocessor | cr0::numeric_error |
                cr0::write_protect);
    write_cr<4>(read_cr<4>() | cr4::debugging_extensions | cr4::machine_check | cr4::global_pages |
                cr4::fxsr | cr4::simd_exceptions | cr4::fsgsbase | cr4::xsave |
                (bit(structured.ebx, 7) ? cr4::smep : 0) | (cpu.has_smap != 0 ? cr4::smap : 0) |
                (bit(structured.ecx, 2) ? cr4::umip : 0) | (tlb_tags ? cr4::process_context : 0));

    const Cpuid offered = cpuid(0xd, 0);
    write_xcr0(extended_state_wanted(std::uint64_t{offered.edx} << 32 | offered.eax));
    const std::uint32_t bytes = cpuid(0xd, 0).ebx;
    need(bytes <= sizeof(Vcpu::extended_state), "an XSAVE area that fits a vCPU");
    return bytes;
}

// Leaf 0xb has a level in each subleaf: its kind (ECX 15:8; 0: there is no more), and in EAX 4:0
// how many bits are below the next level.
TopologyShifts topology_shifts() {
    constexpr std::uint32_t leaf = 0xb;
    constexpr std::uint8_t all = 8;
    if (cpuid(0).eax < leaf || cpuid(leaf).ebx == 0) return {0, all};
    enum : std::uint32_t { threads = 1, cores = 2 };
    TopologyShifts found = {0, all};
    for (std::uint32_t level = 0;; ++level) {
        const Cpuid told = cpuid(leaf, level);
        const std::uint32_t kind = told.ecx >> 8 & 0xff;
        const auto shift = std::uint8_t(told.eax & 0x1f);
        if (kind == threads) found.core = shift;
        if (kind == cores) found.package = shift;
        if (kind == 0) return found;
    }
}

}  // namespace exo::arch
