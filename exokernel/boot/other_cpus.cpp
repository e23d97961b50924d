// exokernel/boot/other_cpus.cpp - INIT, start-up, and what a new CPU does first.
// Source: Intel SDM vol. 3A, 9.4.4.1 "Typical BSP Initialization Sequence".
#include "exokernel/boot/other_cpus.hpp"

#include <atomic>
#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/arch/x86_64/apic.hpp"
#include "exokernel/arch/x86_64/descriptors.hpp"
#include "exokernel/arch/x86_64/features.hpp"
#include "exokernel/boot/kernel_map.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/cpus.hpp"

// In start.S and entry.S.
extern "C" const std::byte exo_other_cpu_start[], exo_other_cpu_start_end[];
extern "C" [[noreturn]] void exo_leave();

namespace exo::boot {

// What the CPU that is being started needs; written by the one that starts it, one at a time.
extern "C" {
std::uint64_t exo_other_cpu_root;
arch::CpuBlock* exo_other_cpu_block;
}

namespace {

std::atomic<bool> arrived;

bool arrives_within(std::uint64_t ns) {
    const std::uint64_t end = arch::now_ns() + ns;
    while (!arrived.load(std::memory_order_acquire)) {
        if (arch::now_ns() >= end) return false;
        __builtin_ia32_pause();
    }
    return true;
}

bool start(std::uint8_t apic_id, PhysAddr start_page) {
    constexpr std::uint64_t us = 1000;
    arrived.store(false, std::memory_order_relaxed);
    arch::send_init(apic_id);
    (void)arrives_within(200 * us);  // nobody does before the next step: it is only a wait
    const auto page = std::uint8_t(start_page.value / page_size);
    arch::send_start(apic_id, page);
    if (arrives_within(1000 * us)) return true;
    arch::send_start(apic_id, page);
    if (arrives_within(2'000'000 * us)) return true;
    // If it comes yet, it must not find the block of the next one.
    arch::send_init(apic_id);
    return false;
}

}  // namespace

extern "C" [[noreturn]] void exo_other_cpu_main(arch::CpuBlock* block) {
    arch::load_descriptors(*block);
    seal_cpu_tables({exo_other_cpu_root}, *block);
    arch::enable_features(block->local);
    arch::enable_local_apic();
    arrived.store(true, std::memory_order_release);
    lock_kernel();
    exo_leave();
}

void start_other_cpus(const AcpiTables& acpi, PhysAddr root, BootInfo& boot) {
    if (boot.low_page.value == 0) return;
    const auto bytes = std::size_t(exo_other_cpu_start_end - exo_other_cpu_start);
    // The boot code is not mapped where it is linked any more.
    const auto code = reinterpret_cast<std::uint64_t>(exo_other_cpu_start) - arch::image_base;
    std::memcpy(arch::direct_map(boot.low_page), arch::direct_map({code}), bytes);
    exo_other_cpu_root = root.value;
    for (std::uint32_t i = 0; i < acpi.cpu_count && cpus().size() < cpus_max; ++i) {
        const std::uint8_t apic_id = acpi.cpu_apic_id[i];
        if (apic_id == arch::local_apic_id()) continue;
        arch::CpuBlock& block = map_cpu_block(root, std::uint32_t(cpus().size()), boot);
        exo_other_cpu_block = &block;
        block.local.apic_id = apic_id;
        add_cpu(block.local);
        if (start(apic_id, boot.low_page)) continue;
        log("cpu", "processor with APIC id ", unsigned(apic_id), " does not start");
        remove_last_cpu();
    }
}

}  // namespace exo::boot
