// exokernel/boot/kernel_map.cpp - building the kernel's page tables.
#include "exokernel/boot/kernel_map.hpp"

#include <new>

#include "arch/machine.hpp"
#include "exokernel/arch/x86_64/stacks.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/memory/page_entry.hpp"

// Set by the linker script.
extern "C" const std::byte exo_image_start[], exo_text_start[], exo_text_end[], exo_rodata_end[],
    exo_after_init_end[], exo_image_end[];

namespace exo::boot {
namespace {

constexpr std::uint64_t large_page = entry_span(2);

std::uint64_t address(const void* symbol) { return reinterpret_cast<std::uint64_t>(symbol); }

PageTablePage& table_at(PhysAddr at) { return *static_cast<PageTablePage*>(arch::direct_map(at)); }

/// The entry of `level` for an address, with the tables above it made if `boot` is given.
PageEntry& entry_for(PhysAddr root, std::uint64_t at, unsigned level, BootInfo* boot) {
    PhysAddr table = root;
    for (unsigned here = page_table_levels; here > level; --here) {
        PageEntry& entry = table_at(table).entry[entry_index(at, here)];
        if (!entry.is_present()) {
            LAMINA_ASSERT(boot != nullptr);
            entry.bits = boot->alloc(page_size).value | PageEntry::present | PageEntry::writable;
        }
        table = entry.target();
    }
    return table_at(table).entry[entry_index(at, level)];
}

/// Maps what of [start, end) is not mapped yet into the direct map, in large pages; `caching`: bits
/// for how it is cached.
void map_large(PhysAddr root, std::uint64_t start, std::uint64_t end, std::uint64_t caching,
               BootInfo& boot) {
    constexpr std::uint64_t bits = PageEntry::present | PageEntry::writable | PageEntry::global |
                                   PageEntry::no_execute | PageEntry::large;
    for (std::uint64_t at = start & ~(large_page - 1); at < end; at += large_page) {
        PageEntry& entry = entry_for(root, arch::direct_map_base + at, 2, &boot);
        if (!entry.is_present()) entry.bits = at | bits | caching;
    }
}

/// Replaces the large pages under the kernel image by small ones, the image's own read-only.
void protect_image_alias(PhysAddr root, BootInfo& boot) {
    const std::uint64_t start = address(exo_image_start) - arch::image_base;
    const std::uint64_t end = address(exo_image_end) - arch::image_base;
    for (std::uint64_t large = start & ~(large_page - 1); large < end; large += large_page) {
        const PhysAddr table = boot.alloc(page_size);
        for (unsigned i = 0; i < page_table_entries; ++i) {
            const std::uint64_t at = large + i * page_size;
            const bool image = at >= start && at < end;
            table_at(table).entry[i].bits = at | PageEntry::present | PageEntry::global |
                                            PageEntry::no_execute |
                                            (image ? 0 : PageEntry::writable);
        }
        entry_for(root, arch::direct_map_base + large, 2, &boot).bits =
            table.value | PageEntry::present | PageEntry::writable;
    }
}

void map_image(PhysAddr root, const void* start, const void* end, std::uint64_t bits,
               BootInfo& boot) {
    for (std::uint64_t at = address(start); at < address(end); at += page_size)
        entry_for(root, at, 1, &boot).bits =
            (at - arch::image_base) | PageEntry::present | PageEntry::global | bits;
}

/// Makes a page read-only, for this CPU at once.
void seal_page(PhysAddr root, std::uint64_t at) {
    entry_for(root, at, 1, nullptr).bits &= ~PageEntry::writable;
    arch::invalidate_page(at);
}

}  // namespace

PhysAddr build_kernel_map(BootInfo& boot, std::span<const DeviceRange> devices) {
    const PhysAddr root = boot.alloc(page_size);
    // Low memory is RAM on every PC: firmware tables, text screen, the kernel image.
    map_large(root, 0, address(exo_image_end) - arch::image_base, 0, boot);
    for (const MemoryRange& range : boot.ranges())
        if (range.bytes() != 0) map_large(root, range.start, range.end, 0, boot);
    if (boot.archive.bytes() != 0) map_large(root, boot.archive.start, boot.archive.end, 0, boot);
    protect_image_alias(root, boot);
    map_image(root, exo_text_start, exo_text_end, 0, boot);
    map_image(root, exo_text_end, exo_rodata_end, PageEntry::no_execute, boot);
    map_image(root, exo_rodata_end, exo_image_end, PageEntry::no_execute | PageEntry::writable,
              boot);
    entry_for(root, address(arch::kernel_stack.guard), 1, &boot).bits = 0;
    for (const DeviceRange& device : devices)
        map_large(root, device.start.value, device.start.value + device.bytes,
                  PageEntry::cache_disable | PageEntry::write_through, boot);
    return root;
}

arch::CpuBlock& map_cpu_block(PhysAddr root, std::uint32_t index, BootInfo& boot) {
    const std::uint64_t start = arch::cpu_blocks_start + index * arch::cpu_block_step;
    constexpr std::uint64_t bits =
        PageEntry::present | PageEntry::writable | PageEntry::global | PageEntry::no_execute;
    for (std::uint64_t at = page_size; at < sizeof(arch::CpuBlock); at += page_size)
        entry_for(root, start + at, 1, &boot).bits = boot.alloc(page_size).value | bits;
    return *new (reinterpret_cast<void*>(start)) arch::CpuBlock;
}

void seal_cpu_tables(PhysAddr root, const arch::CpuBlock& block) {
    seal_page(root, address(&block.tables));
}

void seal_after_init(PhysAddr root) {
    for (std::uint64_t at = address(exo_rodata_end); at < address(exo_after_init_end);
         at += page_size)
        seal_page(root, at);
}

}  // namespace exo::boot
