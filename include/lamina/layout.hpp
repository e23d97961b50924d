// include/lamina/layout.hpp - page size and the bounds of the user half of an address space.
#pragma once

#include <cstdint>

namespace lamina {

inline constexpr std::uint64_t page_size = 4096;

/// User addresses are [user_start, user_end). Page 0 stays unmapped so that null faults; the last
/// page below the non-canonical hole is never mappable, so that no `syscall` instruction can
/// return to a non-canonical address (Intel SDM vol. 2B, SYSRET; AMD APM vol. 3, SYSRET).
inline constexpr std::uint64_t user_start = page_size;
inline constexpr std::uint64_t user_end = 0x0000'7fff'ffff'f000;

/// Where the library OS lies in the space of a program that is not linked with it. Below 2 GiB, so
/// that code of the small model, the library's own and a static program's, reaches it.
inline constexpr std::uint64_t libos_image_start = 0x7000'0000;
inline constexpr std::uint64_t libos_image_end = 0x8000'0000;

/// Whether [address, address + bytes) lies in the user half; false on overflow.
constexpr bool in_user_half(std::uint64_t address, std::uint64_t bytes) {
    return address >= user_start && address <= user_end && bytes <= user_end - address;
}

constexpr std::uint64_t page_floor(std::uint64_t address) { return address & ~(page_size - 1); }
constexpr std::uint64_t page_ceil(std::uint64_t address) {
    return page_floor(address + page_size - 1);
}
constexpr bool page_aligned(std::uint64_t address) { return address % page_size == 0; }

}  // namespace lamina
