// exokernel/memory/page_entry.hpp - the bits of x86-64 page-table entries and the shape of a table.
// Source: Intel SDM vol. 3A, 4.5 "4-level paging", tables 4-14 to 4-19.
#pragma once

#include <cstdint>

#include "exokernel/core/types.hpp"

namespace exo {

/// An entry of any level.
struct PageEntry {
    static constexpr std::uint64_t present = 1ULL << 0;
    static constexpr std::uint64_t writable = 1ULL << 1;
    static constexpr std::uint64_t user = 1ULL << 2;
    static constexpr std::uint64_t write_through = 1ULL << 3;
    static constexpr std::uint64_t cache_disable = 1ULL << 4;
    static constexpr std::uint64_t large = 1ULL << 7;
    static constexpr std::uint64_t global = 1ULL << 8;
    static constexpr std::uint64_t no_execute = 1ULL << 63;
    // Ignored by the processor, ours: what the capability a page was mapped by allows, for protect.
    static constexpr std::uint64_t may_write = 1ULL << 52;
    static constexpr std::uint64_t may_execute = 1ULL << 53;
    /// Ours too: another environment than the one whose space it is mapped it.
    static constexpr std::uint64_t lent = 1ULL << 54;
    static constexpr std::uint64_t address_mask = 0x000f'ffff'ffff'f000;
    static constexpr std::uint64_t software = 7ULL << 9;  ///< Ignored too: the environment's.

    std::uint64_t bits = 0;

    bool is_present() const { return (bits & present) != 0; }
    bool has(std::uint64_t wanted) const { return (bits & wanted) == wanted; }
    /// Whether it maps a page rather than naming a table.
    bool is_leaf(unsigned level) const {
        return is_present() && (level == 1 || (bits & large) != 0);
    }
    PhysAddr target() const { return {bits & address_mask}; }
};

/// Levels whose entries may map pages: of 4 KiB, 2 MiB, 1 GiB.
inline constexpr unsigned leaf_level_max = 3;

inline constexpr unsigned page_table_entries = 512;
inline constexpr unsigned page_table_levels = 4;

/// A table of any level; level 4 is the root, level 1 maps 4 KiB pages.
struct PageTablePage {
    PageEntry entry[page_table_entries];
};
static_assert(sizeof(PageTablePage) == page_size);

/// Which entry of a level an address goes through.
constexpr unsigned entry_index(std::uint64_t address, unsigned level) {
    return unsigned(address >> (12 + 9 * (level - 1))) % page_table_entries;
}

/// Page frames that one entry of a level covers.
constexpr std::uint32_t entry_frames(unsigned level) { return 1U << (9 * (level - 1)); }
/// Bytes one entry of a level covers.
constexpr std::uint64_t entry_span(unsigned level) { return page_size << (9 * (level - 1)); }

}  // namespace exo
