// libos/vm/page_state.hpp - what the page tables say of an address, and what was done with it.
#pragma once

#include <cstdint>

#include "lamina/layout.hpp"
#include "lamina/result.hpp"
#include "lamina/rights.hpp"

namespace libos {

/// An entry that maps a page, in words. Source: Intel SDM vol. 3A, 4.5, tables 4-15, 4-17, 4-20.
struct PageState {
    std::uint64_t frame;   ///< Number of the page's first frame.
    std::uint64_t frames;  ///< How large it is: 1, 512 (2 MiB) or 512 * 512 (1 GiB).
    bool writable;
    bool executable;
    bool accessed;      ///< Used since it was mapped, or protected last.
    bool dirty;         ///< Written since then.
    unsigned software;  ///< The three bits that are the environment's own.
};

inline constexpr unsigned page_levels = 4;
inline constexpr std::uint64_t page_table_entries = 512;

/// Which entry of a table of a level (1 to 4, 4 the root) an address goes through.
constexpr std::uint64_t page_table_index(std::uint64_t address, unsigned level) {
    return address >> (12 + 9 * (level - 1)) & (page_table_entries - 1);
}
/// Whether an entry of a level maps a page; if not it names a table, or nothing.
constexpr bool maps_page(std::uint64_t entry, unsigned level) {
    constexpr std::uint64_t present = 1 << 0;
    constexpr std::uint64_t large = 1 << 7;
    return (entry & present) != 0 && (level == 1 || (level < page_levels && (entry & large) != 0));
}
/// Needs: maps_page().
constexpr PageState page_state_of(std::uint64_t entry, unsigned level) {
    const auto bit = [&](unsigned number) { return (entry >> number & 1) != 0; };
    const std::uint64_t frames = std::uint64_t{1} << (9 * (level - 1));
    constexpr std::uint64_t address_mask = 0x000f'ffff'ffff'f000;
    // In the entry of a large page bit 12 is no part of the address.
    const std::uint64_t frame = (entry & address_mask) / lamina::page_size & ~(frames - 1);
    return {frame, frames, bit(1), !bit(63), bit(5), bit(6), unsigned(entry >> 9 & 7)};
}

/// Reads the state of the page that an address of an environment (null: one's own) lies in. Errors:
/// not_mapped; those of table_read. Cost: one system call, for pages of 2 MiB two, of 1 GiB three;
/// 4 KiB of stack.
lamina::Result<PageState> page_state(std::uint64_t address,
                                     lamina::Handle env = lamina::Handle::null);

}  // namespace libos
