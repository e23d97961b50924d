// exokernel/arch/x86_64/descriptors.cpp - filling and loading the processor's tables.
#include "exokernel/arch/x86_64/descriptors.hpp"

#include <new>

#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/arch/x86_64/stacks.hpp"
#include "exokernel/core/after_init.hpp"

// Entry points in entry.S.
extern "C" void exo_syscall_entry();
extern "C" const std::byte exo_vector_stubs[];

namespace exo::arch {

// In .bss: most of it is stacks.
alignas(CpuBlock) std::byte boot_block[sizeof(CpuBlock)] asm("exo_boot_block");

namespace {

struct Gate {
    std::uint64_t low;
    std::uint64_t high;
};

// Exceptions with a stack of their own, because the kernel's may be unusable when they come.
constexpr std::uint8_t own_stacks[interrupt_stack_count] = {1, 2, 8, 18};

constexpr std::size_t stub_bytes = 16;
constexpr std::uint64_t present_interrupt_gate = 0x8e00ULL << 32;
constexpr std::uint64_t open_to_user = 0x6000ULL << 32;

LAMINA_AFTER_INIT Gate idt[256];

void set_gate(unsigned vector, std::uint8_t ist) {
    const auto target = reinterpret_cast<std::uint64_t>(exo_vector_stubs) + vector * stub_bytes;
    // Breakpoint and overflow may be raised by user instructions of their own.
    const bool user = vector == 3 || vector == 4;
    idt[vector].low = (target & 0xffff) | std::uint64_t{kernel_code} << 16 |
                      std::uint64_t{ist} << 32 | present_interrupt_gate |
                      (user ? open_to_user : 0) | (target >> 16 & 0xffff) << 48;
    idt[vector].high = target >> 32;
}

void fill_task_segment(CpuTables& tables) {
    const auto base = reinterpret_cast<std::uint64_t>(&tables.task_state);
    constexpr std::uint64_t available_task = 0x89ULL << 40;
    tables.gdt[5] = (sizeof tables.task_state - 1) | (base & 0xff'ffff) << 16 | available_task |
                    (base >> 24 & 0xff) << 56;
    tables.gdt[6] = base >> 32;
}

void load_tables(const CpuTables& tables) {
    const TableRegister gdt_register{sizeof tables.gdt - 1,
                                     reinterpret_cast<std::uint64_t>(tables.gdt)};
    const TableRegister idt_register{sizeof idt - 1, reinterpret_cast<std::uint64_t>(idt)};
    constexpr std::uint16_t task_selector = 0x28;
    asm volatile("lgdt %0" : : "m"(gdt_register));
    asm volatile("lidt %0" : : "m"(idt_register));
    asm volatile("ltr %0" : : "r"(task_selector));
}

}  // namespace

bool in_stack_guard(std::uint64_t address) {
    const std::uint64_t guard = this_cpu().stack_top - sizeof(GuardedStack);
    return address >= guard && address < guard + page_size;
}

void fill_interrupt_table() {
    for (unsigned vector = 0; vector < 256; ++vector)
        set_gate(vector, 0);
    for (unsigned i = 0; i < interrupt_stack_count; ++i)
        set_gate(own_stacks[i], std::uint8_t(i + 1));
}

CpuBlock& make_boot_block() { return *new (boot_block) CpuBlock; }

void load_descriptors(CpuBlock& block) {
    CpuLocal& cpu = block.local;
    CpuTables& tables = block.tables;
    cpu.self = &cpu;
    cpu.stack_top = reinterpret_cast<std::uint64_t>(&block.stack + 1);
    tables.task_state.rsp[0] = cpu.stack_top;
    tables.task_state.io_map = sizeof tables.task_state;  // no I/O permission bitmap
    for (unsigned i = 0; i < interrupt_stack_count; ++i) {
        block.interrupt_stacks[i].cpu = &cpu;
        tables.task_state.ist[i] = reinterpret_cast<std::uint64_t>(&block.interrupt_stacks[i].cpu);
    }
    fill_task_segment(tables);
    load_tables(tables);

    write_msr(Msr::gs_base, reinterpret_cast<std::uint64_t>(&cpu));
    write_msr(Msr::kernel_gs_base, 0);
    write_msr(Msr::star, std::uint64_t{user_data - 8} << 48 | std::uint64_t{kernel_code} << 32);
    write_msr(Msr::lstar, reinterpret_cast<std::uint64_t>(&exo_syscall_entry));
    constexpr std::uint64_t trap = 1U << 8;
    constexpr std::uint64_t interrupt = 1U << 9;
    constexpr std::uint64_t direction = 1U << 10;
    constexpr std::uint64_t nested_task = 1U << 14;
    constexpr std::uint64_t alignment = 1U << 18;
    write_msr(Msr::sfmask, trap | interrupt | direction | nested_task | alignment);
}

}  // namespace exo::arch
