// exokernel/boot/boot_info.hpp - BootInfo: what the boot loader says, and the memory it leaves.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "exokernel/core/types.hpp"
#include "exokernel/driver/screen/screen.hpp"

namespace exo::boot {

/// Bytes [start, end) of physical memory.
struct MemoryRange {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t bytes() const { return end - start; }
};

struct BootInfo {
    static constexpr std::uint32_t ranges_max = 64;
    static constexpr std::uint32_t command_line_max = 511;

    std::uint32_t range_count = 0;
    MemoryRange usable[ranges_max] = {};  ///< Page-aligned RAM nobody uses; see exclude().
    PhysAddr low_page = {};               ///< A page of RAM below 640 KiB; 0 if there is none.
    MemoryRange archive = {};
    PhysAddr acpi_root = {};
    ScreenMode screen = {};
    char command_line[command_line_max + 1] = {};

    std::string_view words() const { return command_line; }
    std::span<MemoryRange> ranges() { return {usable, range_count}; }

    /// Adds RAM, shrunk to whole pages; more than ranges_max ranges are left out.
    void add_usable(std::uint64_t start, std::uint64_t end);
    /// Takes a range out of the usable ones, widened to whole pages.
    void exclude(std::uint64_t start, std::uint64_t end);
    void set_command_line(const char* text);

    /// Memory for what comes before the frame table: zeroed pages off the end of the largest usable
    /// range below 4 GiB, never given back. `bytes` is rounded up to pages. Panics when there is
    /// not enough.
    PhysAddr alloc(std::uint64_t bytes);
};

inline constexpr std::uint32_t multiboot2_magic = 0x36d7'6289;
inline constexpr std::uint32_t pvh_magic = 0x336e'c578;

/// Reads the boot loader's structures; false if `magic` is neither of the above. Only memory below
/// 4 GiB is reachable when this runs.
bool read_boot_info(std::uint32_t magic, PhysAddr info, BootInfo& boot);

}  // namespace exo::boot
