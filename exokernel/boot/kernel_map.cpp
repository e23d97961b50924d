// exokernel/boot/kernel_map.cpp - building the kernel's page tables.
#include "exokernel/boot/kernel_map.hpp"

#include <new>

#include "arch/machine.hpp"
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

/// Maps [at, end) to physical memory from `target` on, in global pages of a level; what is mapped
/// already stays as it is.
void map(PhysAddr root, std::uint64_t at, std::uint64_t end, std::uint64_t target, unsigned level,
         std::uint64_t bits, BootInfo& boot) {
    for (; at < end; at += entry_span(level), target += entry_span(level)) {
        PageEntry& entry = entry_for(root, at, level, &boot);
        if (!entry.is_present())
            entry.bits = target | PageEntry::present | PageEntry::global | bits;
    }
}

/// Maps physical memory [start, end) into the direct map.
void map_direct(PhysAddr root, std::uint64_t start, std::uint64_t end, unsigned level,
                std::uint64_t bits, BootInfo& boot) {
    map(root, arch::direct_map_base + start, arch::direct_map_base + end, start, level,
        bits | PageEntry::no_execute, boot);
}

/// The same in large pages, which begin before `start` if need be.
void map_large(PhysAddr root, std::uint64_t start, std::uint64_t end, std::uint64_t bits,
               BootInfo& boot) {
    map_direct(root, start & ~(large_page - 1), end, 2,
               bits | PageEntry::writable | PageEntry::large, boot);
}

/// Maps a section of the image where it is linked.
void map_image(PhysAddr root, const void* start, const void* end, std::uint64_t bits,
               BootInfo& boot) {
    map(root, address(start), address(end), address(start) - arch::image_base, 1, bits, boot);
}

/// Makes a page read-only, for this CPU at once.
void seal_page(PhysAddr root, std::uint64_t at) {
    entry_for(root, at, 1, nullptr).bits &= ~PageEntry::writable;
    arch::invalidate_page(at);
}

}  // namespace

PhysAddr build_kernel_map(BootInfo& boot, const arch::CpuBlock& block,
                          std::span<const MemoryRange> devices) {
    const PhysAddr root = boot.alloc(page_size);
    // The image is read-only in the direct map, and so has small pages there.
    const std::uint64_t start = address(exo_image_start) - arch::image_base;
    const std::uint64_t end = address(exo_image_end) - arch::image_base;
    map_direct(root, start, end, 1, 0, boot);
    map_direct(root, start & ~(large_page - 1), (end + large_page - 1) & ~(large_page - 1), 1,
               PageEntry::writable, boot);
    // Low memory is RAM on every PC: firmware tables, text screen, the kernel image.
    map_large(root, 0, end, 0, boot);
    for (const MemoryRange& range : boot.ranges())
        if (range.bytes() != 0) map_large(root, range.start, range.end, 0, boot);
    map_large(root, boot.archive.start, boot.archive.end, 0, boot);
    map_image(root, exo_text_start, exo_text_end, 0, boot);
    map_image(root, exo_text_end, exo_rodata_end, PageEntry::no_execute, boot);
    map_image(root, exo_rodata_end, exo_image_end, PageEntry::no_execute | PageEntry::writable,
              boot);
    entry_for(root, address(&block.stack.guard), 1, &boot).bits = 0;
    for (const MemoryRange& device : devices)
        map_large(root, device.start, device.end,
                  PageEntry::cache_disable | PageEntry::write_through, boot);
    return root;
}

arch::CpuBlock& map_cpu_block(PhysAddr root, std::uint32_t index, BootInfo& boot) {
    const std::uint64_t start = arch::cpu_blocks_start + index * arch::cpu_block_step;
    map(root, start + page_size, start + sizeof(arch::CpuBlock),
        boot.alloc(sizeof(arch::CpuBlock) - page_size).value, 1,
        PageEntry::writable | PageEntry::no_execute, boot);
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
