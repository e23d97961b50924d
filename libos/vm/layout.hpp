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

#include "lamina/layout.hpp"

namespace libos::layout {

inline constexpr std::uint64_t mappings_first = 0x1000'0000'0000;
inline constexpr std::uint64_t mappings_end = 0x5000'0000'0000;
inline constexpr std::uint64_t linux_first = 0x5000'0000'0000;
inline constexpr std::uint64_t linux_end = 0x5fff'fff0'0000;
inline constexpr std::uint64_t start_block = 0x6000'0000'0000;
inline constexpr std::uint64_t stack_end = 0x6fff'fff0'0000;
inline constexpr std::uint64_t stack_pages_max = 512;
inline constexpr std::uint64_t guard_pages = 16;

/// Whether an access to `address` by a program with such a stack hit the guard pages.
constexpr bool in_stack_guard(std::uint64_t address, std::uint64_t stack_pages) {
    const auto stack_first = stack_end - stack_pages * lamina::page_size;
    return address < stack_first && address >= stack_first - guard_pages * lamina::page_size;
}

}  // namespace libos::layout
