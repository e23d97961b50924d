// exokernel/boot/boot_info.cpp - reading Multiboot2 and PVH start information.
// Source: Multiboot2 specification 2.0, 3.6; Xen public/arch-x86/hvm/start_info.h.
#include "exokernel/boot/boot_info.hpp"

#include <cstring>

#include "arch/machine.hpp"
#include "exokernel/core/panic.hpp"

namespace exo::boot {
namespace {

template <typename T>
T read(PhysAddr address) {
    T value;
    std::memcpy(&value, arch::direct_map(address), sizeof value);
    return value;
}

struct [[gnu::packed]] RamEntry {
    std::uint64_t start;
    std::uint64_t bytes;
    std::uint32_t type;  // 1: usable
    std::uint32_t reserved;
};
constexpr std::uint32_t ram_usable = 1;

void read_ram(PhysAddr table, std::uint32_t bytes, std::uint32_t entry_bytes, BootInfo& boot) {
    if (entry_bytes < sizeof(RamEntry)) return;
    for (std::uint32_t here = 0; here + sizeof(RamEntry) <= bytes; here += entry_bytes) {
        const auto entry = read<RamEntry>(table + here);
        if (entry.type == ram_usable) boot.add_usable(entry.start, entry.start + entry.bytes);
    }
}

void read_framebuffer(PhysAddr tag, BootInfo& boot) {
    struct [[gnu::packed]] Framebuffer {
        std::uint64_t address;
        std::uint32_t pitch, width, height;
        std::uint8_t bits_per_pixel, type;
    };
    const auto given = read<Framebuffer>(tag + 8);
    constexpr std::uint8_t direct_colour = 1;
    constexpr std::uint8_t text = 2;
    boot.screen = {ScreenMode::Kind::none, {given.address},          given.pitch, given.width,
                   given.height,           given.bits_per_pixel / 8U};
    if (given.type == direct_colour && given.bits_per_pixel >= 24 && given.address < 4ULL << 30)
        boot.screen.kind = ScreenMode::Kind::pixels;
    if (given.type == text) boot.screen.kind = ScreenMode::Kind::text;
}

void read_multiboot2(PhysAddr info, BootInfo& boot) {
    enum Tag : std::uint32_t {
        end = 0,
        command_line = 1,
        module = 3,
        memory_map = 6,
        framebuffer = 8,
        acpi_old = 14,
        acpi_new = 15,
    };
    const auto total = read<std::uint32_t>(info);
    for (std::uint32_t here = 8; here + 8 <= total;) {
        const PhysAddr tag = info + here;
        const auto type = read<std::uint32_t>(tag);
        const auto bytes = read<std::uint32_t>(tag + 4);
        if (type == end || bytes < 8 || bytes > total - here) break;
        switch (type) {
            case command_line:
                boot.set_command_line(static_cast<const char*>(arch::direct_map(tag + 8)));
                break;
            case module:
                if (boot.archive.end == 0)
                    boot.archive = {read<std::uint32_t>(tag + 8), read<std::uint32_t>(tag + 12)};
                break;
            case memory_map:
                if (bytes < 16) break;
                read_ram(tag + 16, bytes - 16, read<std::uint32_t>(tag + 8), boot);
                break;
            case framebuffer: read_framebuffer(tag, boot); break;
            case acpi_old:
                if (boot.acpi_root.value == 0) boot.acpi_root = tag + 8;
                break;
            case acpi_new: boot.acpi_root = tag + 8; break;
            default: break;
        }
        here += (bytes + 7) & ~7U;
    }
    boot.exclude(info.value, info.value + total);
}

void read_pvh(PhysAddr info, BootInfo& boot) {
    struct StartInfo {
        std::uint32_t magic, version, flags, module_count;
        std::uint64_t modules, command_line, acpi_root, memory_map;
        std::uint32_t memory_map_count, reserved;
    };
    const auto start = read<StartInfo>(info);
    if (start.command_line != 0)
        boot.set_command_line(static_cast<const char*>(arch::direct_map({start.command_line})));
    boot.acpi_root = {start.acpi_root};
    read_ram({start.memory_map}, start.memory_map_count * std::uint32_t{sizeof(RamEntry)},
             sizeof(RamEntry), boot);
    if (start.module_count != 0) {
        const auto address = read<std::uint64_t>({start.modules});
        boot.archive = {address, address + read<std::uint64_t>({start.modules + 8})};
    }
    // A PC whose firmware has run shows the text mode it left.
    boot.screen = {ScreenMode::Kind::text, {0xb8000}, 160, 80, 25, 2};
}

}  // namespace

void BootInfo::add_usable(std::uint64_t start, std::uint64_t end) {
    const std::uint64_t first = lamina::page_ceil(start);
    const std::uint64_t last = lamina::page_floor(end);
    const bool wraps = first < start;
    if (!wraps && first < last && range_count < ranges_max) usable[range_count++] = {first, last};
}

void BootInfo::exclude(std::uint64_t start, std::uint64_t end) {
    if (start >= end) return;
    start = lamina::page_floor(start);
    end = lamina::page_ceil(end);
    const std::uint32_t before = range_count;
    for (std::uint32_t i = 0; i < before; ++i) {
        const MemoryRange range = usable[i];
        if (range.end <= start || range.start >= end) continue;
        usable[i].end = range.start < start ? start : range.start;
        if (range.end > end) add_usable(end, range.end);
    }
}

void BootInfo::set_command_line(const char* text) {
    const std::string_view all(text, command_line_max);
    const std::size_t length = all.substr(0, all.find('\0')).copy(command_line, all.size());
    command_line[length] = 0;
}

PhysAddr BootInfo::alloc(std::uint64_t bytes) {
    bytes = lamina::page_ceil(bytes);
    constexpr std::uint64_t reachable_end = 4ULL << 30;
    MemoryRange* best = nullptr;
    for (MemoryRange& range : ranges())
        if (range.end <= reachable_end && range.bytes() >= bytes &&
            (best == nullptr || range.bytes() > best->bytes()))
            best = &range;
    if (best == nullptr) panic("not enough memory to boot");
    best->end -= bytes;
    std::memset(arch::direct_map({best->end}), 0, bytes);
    return {best->end};
}

bool read_boot_info(std::uint32_t magic, PhysAddr info, BootInfo& boot) {
    switch (magic) {
        case multiboot2_magic: read_multiboot2(info, boot); return true;
        case pvh_magic: read_pvh(info, boot); return true;
        default: return false;
    }
}

}  // namespace exo::boot
