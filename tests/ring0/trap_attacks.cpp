// tests/ring0/trap_attacks.cpp - exceptions of the kernel itself, by their causes and by number.
#include <array>
#include <cstring>
#include <utility>

#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "tests/ring0/attacks.hpp"

namespace ring0 {
namespace {

constexpr std::uint64_t non_canonical = 0x8000'0000'0000'0000;
constexpr unsigned exceptions = 32;

struct [[gnu::packed]] TableRegister {
    std::uint16_t limit;
    std::uint64_t base;
};

template <unsigned vector>
void interrupt() {
    asm volatile("int %0" : : "i"(vector) : "memory");
}

template <std::size_t... vector>
constexpr auto interrupts(std::index_sequence<vector...>) {
    return std::array<void (*)(), sizeof...(vector)>{interrupt<vector>...};
}
constexpr auto interrupt_of = interrupts(std::make_index_sequence<exceptions>());

/// Where the gate of a vector leads (Intel SDM vol. 3A, 6.14.1).
std::uint64_t gate_target(unsigned vector) {
    TableRegister table;
    asm volatile("sidt %0" : "=m"(table));
    std::uint64_t gate[2];
    std::memcpy(gate, reinterpret_cast<const void*>(table.base + vector * 16), sizeof gate);
    return (gate[0] & 0xffff) | (gate[0] >> 48) << 16 | gate[1] << 32;
}

/// Enters a gate with the frame that an exception with an error code has.
void enter_gate(std::uint64_t target) {
    asm volatile(
        "mov %%rsp, %%rax\n"
        "and $-16, %%rsp\n"
        "pushq $0x10\n"
        "push %%rax\n"
        "pushfq\n"
        "pushq $0x08\n"
        "leaq 1f(%%rip), %%rcx\n"
        "push %%rcx\n"
        "pushq $0x1234\n"
        "jmp *%0\n"
        "1:\n"
        :
        : "r"(target)
        : "rax", "rcx", "memory");
}

bool has_error_code(unsigned vector) {
    constexpr std::uint64_t with_error_code = 0x6022'7c00;  // 10-14, 17, 21, 29, 30
    return (with_error_code >> vector & 1) != 0;
}

void divide() { asm volatile("div %%ecx" : : "a"(1), "d"(0), "c"(0)); }

void single_step() {
    asm volatile("pushfq\n orq $0x100, (%%rsp)\n popfq\n nop" : : : "memory", "cc");
}

void use_disabled_fpu() {
    exo::arch::write_cr<0>(exo::arch::read_cr<0>() | exo::arch::cr0::task_switched);
    asm volatile("fnop");
}

void load_absent_segment() {
    static std::uint64_t table[16];
    TableRegister old;
    asm volatile("sgdt %0" : "=m"(old));
    std::memcpy(table, reinterpret_cast<const void*>(old.base), old.limit + 1U);
    constexpr std::uint16_t selector = 15 * 8;
    table[15] = 0x00cf'1300'0000'ffff;  // data, not present
    const TableRegister with_absent{sizeof table - 1, reinterpret_cast<std::uint64_t>(table)};
    asm volatile("lgdt %0\n mov %w1, %%ds" : : "m"(with_absent), "r"(selector));
}

void use_bad_stack_address() {
    asm volatile("push %%rbp\n mov %0, %%rbp\n mov (%%rbp), %%rax\n pop %%rbp"
                 :
                 : "r"(non_canonical)
                 : "rax", "memory");
}

void divide_by_zero_x87() {
    const std::uint16_t unmasked = 0x0340;
    asm volatile("fninit\n fldcw %0\n fld1\n fldz\n fdivrp\n fwait" : : "m"(unmasked));
}

/// An NMI is counted and left again; GS and every register are as before.
void survive_nmi() {
    const std::uint64_t before = exo::this_cpu().nmis;
    std::uint64_t rbx = 0x1111;
    std::uint64_t r15 = 0x2222;
    asm volatile("mov %0, %%rbx\n mov %1, %%r15\n int $2\n int $2\n mov %%rbx, %0\n mov %%r15, %1"
                 : "+r"(rbx), "+r"(r15)
                 :
                 : "rbx", "r15", "memory");
    const exo::CpuLocal& cpu = exo::this_cpu();
    if (cpu.nmis != before + 2 || cpu.interrupt_depth != 0 || rbx != 0x1111 || r15 != 0x2222)
        exo::panic("an NMI left traces");
    pass("two NMIs");
}

/// The same while GS is the user's.
void survive_nmi_with_user_gs() {
    const std::uint64_t before = exo::this_cpu().nmis;
    asm volatile("swapgs\n int $2\n swapgs" : : : "memory");
    if (exo::this_cpu().nmis != before + 1) exo::panic("an NMI was lost");
    pass("an NMI with the user's GS");
}

void survive_device_interrupts() {
    const exo::CpuLocal& cpu = exo::this_cpu();
    const std::uint64_t before = cpu.interrupts;
    exo::unlock_kernel();  // their handler takes it
    asm volatile("int $48\n int $255\n int $200" : : : "memory");
    exo::lock_kernel();
    if (cpu.interrupts != before + 3 || cpu.interrupt_depth != 0 || cpu.interrupt_depth_max != 1)
        exo::panic("interrupts were miscounted");
    pass("three interrupts, each one deep");
}

/// SMAP must be on in the NMI handler although the flag that suspends it was set before.
void nmi_with_smap_suspended() {
    asm volatile("stac\n int $2\n clac" : : : "memory");
    pass("an NMI while SMAP was suspended");
}

constexpr Attack attacks[] = {
    {"divide", divide},
    {"single_step", single_step},
    {"breakpoint", [] { asm volatile("int3"); }},
    {"invalid_opcode", [] { asm volatile("ud2"); }},
    {"disabled_fpu", use_disabled_fpu},
    {"absent_segment", load_absent_segment},
    {"bad_stack_address", use_bad_stack_address},
    {"bad_address", [] { (void)*reinterpret_cast<const volatile int*>(non_canonical); }},
    {"x87_error", divide_by_zero_x87},
    {"fault_with_user_gs", [] { asm volatile("swapgs\n ud2"); }},
    {"nmi", survive_nmi},
    {"nmi_with_user_gs", survive_nmi_with_user_gs},
    {"nmi_with_smap_suspended", nmi_with_smap_suspended},
    {"device_interrupts", survive_device_interrupts},
};

}  // namespace

std::span<const Attack> trap_attacks() { return attacks; }

void raise_vector(unsigned vector) {
    if (vector >= exceptions) exo::panic("no exception ", vector);
    if (has_error_code(vector))
        enter_gate(gate_target(vector));
    else
        interrupt_of[vector]();
}

}  // namespace ring0
