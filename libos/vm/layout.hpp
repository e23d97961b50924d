// libos/vm/layout.hpp - where things lie in the address space of an app.
//
//   0x0000'0040'0000  the program, as its ELF file says
//   0x0000'7000'0000  the libOS of a program that is not linked with it (lamina/layout.hpp)
//   0x1000'0000'0000  mappings: heap, info pages, what the app maps (RangeAllocator)
//   0x5000'0000'0000  what a Linux program maps, and above it its stack (libos/linux)
//   0x6000'0000'0000  the start block, one page, read-only
//   0x6fff'fff0'0000  first byte past the stack; below the stack, guard pages that stay unmapped
#pragma once

#include <cstdint>
#include <string_view>

#include "lamina/layout.hpp"

namespace libos::layout {

/// The app in a boot archive that runs foreign programs, linked at lamina::libos_image_start.
inline constexpr std::string_view libos_image_name = "linux";

inline constexpr std::uint64_t mappings_first = 0x1000'0000'0000;
inline constexpr std::uint64_t mappings_end = 0x5000'0000'0000;
inline constexpr std::uint64_t linux_first = 0x5000'0000'0000;
inline constexpr std::uint64_t linux_end = 0x5fff'fff0'0000;
/// A Linux program's stack ends at linux_end and may grow to this; below it a gap stays free.
inline constexpr std::uint64_t linux_stack_bytes_max = 8 << 20;
inline constexpr std::uint64_t linux_stack_gap_bytes = 1 << 20;
inline constexpr std::uint64_t start_block = 0x6000'0000'0000;
inline constexpr std::uint64_t stack_end = 0x6fff'fff0'0000;
inline constexpr std::uint64_t stack_pages_max = 512;
inline constexpr std::uint64_t guard_pages = 16;

/// Whether an access to `address` by a program with such a stack hit the guard pages, or by a Linux
/// program the gap below its stack.
constexpr bool in_stack_guard(std::uint64_t address, std::uint64_t stack_pages) {
    const auto stack_first = stack_end - stack_pages * lamina::page_size;
    constexpr auto linux_stack_first = linux_end - linux_stack_bytes_max;
    const auto below = [&](std::uint64_t first, std::uint64_t bytes) {
        return address < first && address >= first - bytes;
    };
    return below(stack_first, guard_pages * lamina::page_size) ||
           below(linux_stack_first, linux_stack_gap_bytes);
}

}  // namespace libos::layout
