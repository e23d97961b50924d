// exokernel/arch/x86_64/registers.hpp - control registers, model-specific registers and CPUID.
#pragma once

#include <cstdint>

namespace exo::arch {

/// Model-specific registers (Intel SDM vol. 4, chapter 2).
enum class Msr : std::uint32_t {
    apic_base = 0x1b,
    efer = 0xc000'0080,
    star = 0xc000'0081,
    lstar = 0xc000'0082,
    sfmask = 0xc000'0084,
    gs_base = 0xc000'0101,
    kernel_gs_base = 0xc000'0102,
};

inline std::uint64_t read_msr(Msr msr) {
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(std::uint32_t(msr)));
    return std::uint64_t{high} << 32 | low;
}
inline void write_msr(Msr msr, std::uint64_t value) {
    asm volatile("wrmsr"
                 :
                 : "c"(std::uint32_t(msr)), "a"(std::uint32_t(value)),
                   "d"(std::uint32_t(value >> 32))
                 : "memory");
}

/// CR0 and CR4 bits (Intel SDM vol. 3A, 2.5).
namespace cr0 {
inline constexpr std::uint64_t monitor_coprocessor = 1ULL << 1;
inline constexpr std::uint64_t emulation = 1ULL << 2;
inline constexpr std::uint64_t task_switched = 1ULL << 3;
inline constexpr std::uint64_t numeric_error = 1ULL << 5;
inline constexpr std::uint64_t write_protect = 1ULL << 16;
}  // namespace cr0
namespace cr4 {
inline constexpr std::uint64_t debugging_extensions = 1ULL << 3;
inline constexpr std::uint64_t machine_check = 1ULL << 6;
inline constexpr std::uint64_t global_pages = 1ULL << 7;
inline constexpr std::uint64_t fxsr = 1ULL << 9;
inline constexpr std::uint64_t simd_exceptions = 1ULL << 10;
inline constexpr std::uint64_t umip = 1ULL << 11;
inline constexpr std::uint64_t fsgsbase = 1ULL << 16;
inline constexpr std::uint64_t process_context = 1ULL << 17;
inline constexpr std::uint64_t xsave = 1ULL << 18;
inline constexpr std::uint64_t smep = 1ULL << 20;
inline constexpr std::uint64_t smap = 1ULL << 21;
}  // namespace cr4

/// Control register `number`.
template <int number>
std::uint64_t read_cr() {
    std::uint64_t value;
    asm volatile("mov %%cr%c1, %0" : "=r"(value) : "i"(number));
    return value;
}
template <int number>
void write_cr(std::uint64_t value) {
    asm volatile("mov %0, %%cr%c1" : : "r"(value), "i"(number) : "memory");
}
inline void write_xcr0(std::uint64_t value) {
    asm volatile("xsetbv" : : "c"(0), "a"(std::uint32_t(value)), "d"(std::uint32_t(value >> 32)));
}

struct Cpuid {
    std::uint32_t eax, ebx, ecx, edx;
};
inline Cpuid cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) {
    Cpuid result;
    asm volatile("cpuid"
                 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                 : "a"(leaf), "c"(subleaf));
    return result;
}

inline std::uint64_t read_tsc() {
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return std::uint64_t{high} << 32 | low;
}

/// What `lgdt` and `lidt` load.
struct [[gnu::packed]] TableRegister {
    std::uint16_t limit;
    std::uint64_t base;
};

}  // namespace exo::arch
