// exokernel/boot/main.cpp - the steps from the boot loader to the first environment, in order.
#include <algorithm>

#include "arch/machine.hpp"
#include "exokernel/arch/x86_64/apic.hpp"
#include "exokernel/arch/x86_64/clock.hpp"
#include "exokernel/arch/x86_64/descriptors.hpp"
#include "exokernel/arch/x86_64/features.hpp"
#include "exokernel/arch/x86_64/registers.hpp"
#include "exokernel/arch/x86_64/stop.hpp"
#include "exokernel/boot/boot_info.hpp"
#include "exokernel/boot/hooks.hpp"
#include "exokernel/boot/init_env.hpp"
#include "exokernel/boot/kernel_map.hpp"
#include "exokernel/boot/other_cpus.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/core/words.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/driver/acpi/acpi.hpp"
#include "exokernel/driver/console/console_device.hpp"
#include "exokernel/driver/io_apic/io_apic.hpp"
#include "exokernel/driver/log_port/log_port.hpp"
#include "exokernel/driver/pic/pic.hpp"
#include "exokernel/driver/pit/pit.hpp"
#include "exokernel/driver/power/power.hpp"
#include "exokernel/driver/rtc/rtc.hpp"
#include "exokernel/driver/uart/uart.hpp"
#include "exokernel/env/info_pages.hpp"
#include "exokernel/env/long_call.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "lamina/syscalls.hpp"
#include "toolchain/build_info.hpp"

extern "C" [[noreturn]] void exo_leave();
extern "C" const std::byte exo_image_start[], exo_image_end[];
/// The bound that entry.S checks call numbers against.
extern "C" constexpr std::uint64_t exo_call_count = lamina::call_count;

namespace exo::boot {
namespace {

LAMINA_AFTER_INIT constinit BootInfo boot_info;
constinit Account root_account = {{ObjectType::account, 0, 1}, nullptr, 0, 0};

void start_log() {
    start_log_port();
    log("boot", "Lamina ", lamina::build::version, ", commit ", lamina::build::commit, ", branch ",
        lamina::build::branch, lamina::build::dirty ? ", with changes" : "");
    log("boot", "built by ", lamina::build::compiler);
}

/// The usable memory without what is in use; the rest of boot may allocate after this.
void reserve_memory() {
    constexpr std::uint64_t first_usable = 0x1000;
    constexpr std::uint64_t low_ram_end = 640 << 10;
    for (const MemoryRange& range : boot_info.ranges())
        if (range.end > first_usable && range.start < low_ram_end)
            boot_info.low_page = {std::min(range.end, low_ram_end) - page_size};
    constexpr std::uint64_t low_memory_end = 1 << 20;  // firmware data, and room to start CPUs
    boot_info.exclude(0, low_memory_end);
    boot_info.exclude(reinterpret_cast<std::uint64_t>(exo_image_start) - arch::image_base,
                      reinterpret_cast<std::uint64_t>(exo_image_end) - arch::image_base);
    boot_info.exclude(boot_info.archive.start, boot_info.archive.end);
}

PhysAddr map_kernel(const AcpiTables& acpi, const arch::CpuBlock& block) {
    const ScreenMode& screen = boot_info.screen;
    const bool pixels = screen.kind == ScreenMode::Kind::pixels;
    const std::uint64_t pixel_bytes = pixels ? std::uint64_t{screen.pitch} * screen.height : 0;
    const MemoryRange devices[] = {
        {acpi.local_apic.value, acpi.local_apic.value + page_size},
        {acpi.io_apic.value, acpi.io_apic.value + page_size},
        {screen.memory.value, screen.memory.value + pixel_bytes},
    };
    return build_kernel_map(boot_info, block, devices);
}

/// Hands all memory that boot has not used to the frame table.
void fill_frame_table() {
    std::uint64_t end = boot_info.archive.end;
    for (const MemoryRange& range : boot_info.ranges())
        if (range.bytes() != 0 && range.end > end) end = range.end;
    const std::uint64_t count = lamina::page_ceil(end) / page_size;
    const PhysAddr entries = boot_info.alloc(count * sizeof(FrameInfo));
    frames.adopt({static_cast<FrameInfo*>(arch::direct_map(entries)), count});
    for (const MemoryRange& range : boot_info.ranges())
        frames.add_free(frame_of({range.start}), std::uint32_t(range.bytes() / page_size));
    root_account.limit = frames.counts().free;
    if (boot_info.archive.bytes() == 0) panic("no boot archive: give it as the first module");
    const std::uint64_t archive_pages = lamina::page_ceil(boot_info.archive.bytes()) / page_size;
    if (!lamina::page_aligned(boot_info.archive.start))
        panic("the boot archive does not start on a page boundary");
    frames.add_run(frame_of({boot_info.archive.start}), std::uint32_t(archive_pages), root_account);
    // The reference is the kernel's own: the table stays, whoever drops what is for it.
    frames.add_run(frame_of(entries), frame_table_pages(), root_account);
    log("memory", "page frames ", frames.counts().total, ", free ", frames.counts().free);
}

void start_interrupts(const AcpiTables& acpi, std::uint64_t tsc_at_start) {
    mask_legacy_interrupts();
    arch::init_local_apic(acpi.local_apic);
    arch::calibrate_clock(tsc_at_start, pit_wait_ns, wait_pit);
    if (acpi.io_apic.value != 0)
        route_interrupt(acpi.io_apic, acpi.line_interrupt[com1_line] - acpi.io_apic_base,
                        acpi.line_flags[com1_line], arch::console_vector, arch::local_apic_id());
    set_power_ports({acpi.pm1a_control, acpi.pm1b_control, acpi.sleep_off_a, acpi.sleep_off_b,
                     acpi.reset_port, acpi.reset_value});
}

void copy_text(auto& to, std::string_view text) { text.copy(to, sizeof to - 1); }

void fill_info_page(const AcpiTables& acpi, std::uint32_t xsave_bytes) {
    lamina::InfoPage& page = info_pages.page();
    const arch::ClockParameters& clock = arch::clock_parameters();
    page.abi_version = lamina::abi_version;
    page.info_pages = info_pages.page_count();
    page.tsc_base = clock.tsc_base;
    page.tsc_multiplier = clock.multiplier;
    page.tsc_shift = clock.shift;
    page.cpu_count = acpi.cpu_count;
    page.cpu_count_used = std::uint32_t(cpus().size());
    page.xsave_bytes = xsave_bytes;
    for (const CpuLocal* const cpu : cpus())
        page.topology.apic_id[cpu->index] = cpu->apic_id;
    const auto [core, package] = arch::topology_shifts();
    page.topology.core_shift = core;
    page.topology.package_shift = package;
    constexpr std::uint64_t ns_per_second = 1'000'000'000;
    if (const auto seconds = read_rtc())
        page.wall_offset_ns = *seconds * ns_per_second - arch::now_ns();
    else
        log("clock", "no time of day");
    copy_text(page.command_line, boot_info.words());
    copy_text(page.build_version, lamina::build::version);
    copy_text(page.build_commit, lamina::build::commit);
    copy_text(page.build_branch, lamina::build::branch);
    copy_text(page.build_dirty, lamina::build::dirty ? "yes" : "no");
    copy_text(page.build_compiler, lamina::build::compiler);
    copy_text(page.build_flags, lamina::build::flags);
    copy_text(page.build_features, lamina::build::features);
}

}  // namespace

extern "C" [[noreturn]] void exo_main(std::uint32_t magic, std::uint32_t info) {
    const std::uint64_t tsc_at_start = arch::read_tsc();
    start_log();
    if (!read_boot_info(magic, {info}, boot_info)) panic("started by an unknown boot loader");
    log("boot", "command line: ", boot_info.words());
    if (has_word(boot_info.words(), "panic=exit")) arch::set_panic_end(reboot);
    arch::CpuBlock& block = arch::make_boot_block();
    arch::fill_interrupt_table();
    arch::load_descriptors(block);
    add_cpu(block.local);

    const std::uint32_t xsave_bytes = arch::enable_features(block.local);

    const auto acpi = read_acpi(boot_info.acpi_root);
    if (!acpi) panic("no ACPI tables");
    reserve_memory();
    const PhysAddr root = map_kernel(*acpi, block);
    arch::load_page_table(root);
    seal_cpu_tables(root, block);
    set_kernel_root(root);

    start_interrupts(*acpi, tsc_at_start);
    block.local.apic_id = arch::local_apic_id();
    set_dispatch_ops({[](Vcpu& vcpu) {
                          return vcpu.state == VcpuState::in_call ? step_long_call(vcpu)
                                                                  : end_step(vcpu);
                      },
                      [](Vcpu* vcpu) { info_pages.refresh(vcpu); }});
    set_lock_mode(boot_info.words());
    lock_kernel();
    start_other_cpus(*acpi, root, boot_info);
    log("cpu", "processors ", acpi->cpu_count, ", used ", cpus().size());
    fill_frame_table();
    console_device.init(boot_info.screen);
    if (!info_pages.create(root_account)) panic("no memory for the info pages");
    fill_info_page(*acpi, xsave_bytes);
    start_init(boot_info, root_account);
    seal_after_init(root);
    before_user_mode(boot_info.words());
    log("boot", "first user instruction after ", arch::read_tsc(), " cycles");
    exo_leave();
}

}  // namespace exo::boot
