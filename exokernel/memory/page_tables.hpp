// exokernel/memory/page_tables.hpp - PageTables: the tables of a space, and the links of its pages.
#pragma once

#include <cstdint>

#include "exokernel/cap/link.hpp"
#include "exokernel/core/types.hpp"
#include "exokernel/memory/account.hpp"
#include "exokernel/memory/page_entry.hpp"
#include "lamina/layout.hpp"
#include "lamina/result.hpp"

namespace exo {

class AddressSpace;

/// Pages a frame of links is for: half of what a table maps.
inline constexpr std::uint32_t links_per_frame = page_size / sizeof(Link);
static_assert(2 * links_per_frame == page_table_entries);

/// How many pages of a level lie between an address and the end of its half of a table.
constexpr std::uint32_t pages_to_end_of_half(std::uint64_t address, unsigned level) {
    return links_per_frame - entry_index(address, level) % links_per_frame;
}

/// Entries of pages in a row in one half of a table, and their links. Null: no such table.
struct Leaves {
    PageEntry* entry = nullptr;
    Link* link = nullptr;
};

/// Four levels of tables, made as they are needed and charged to the account given at creation. A
/// table that maps pages (level 1 for 4 KiB, 2 for 2 MiB, 3 for 1 GiB) has a frame of links for
/// each of its halves in which one was ever mapped; that frame's entry in the frame table tells
/// which pages they are of. The kernel half is shared by all spaces and not touched here. Does not
/// move once created.
class PageTables {
public:
    PageTables() = default;
    PageTables(const PageTables&) = delete;
    PageTables& operator=(const PageTables&) = delete;

    /// Makes the root table; `account` pays for all. Errors: quota_exceeded, out_of_frames.
    Result<void> create(Account& account, PhysAddr kernel_root);
    /// Frees the root. Needs: clear_pages() returned true, the space is loaded nowhere.
    void destroy();
    PhysAddr root() const { return root_; }

    /// What a link in a frame of state `mappings` stands for.
    struct Mapping {
        AddressSpace* space;
        std::uint64_t address;
        FrameNumber frame;    ///< The first one.
        std::uint32_t count;  ///< Of frames: the page's size.
        bool lent;            ///< Another environment has mapped it.
    };
    static Mapping mapping_of(const Link& link);

protected:
    /// Whether a page of 4 KiB lies in a MiB that make_leaves() or leaves_at() has seen lately, and
    /// the address is aligned; then `at` is set. Cost: some ten instructions.
    [[gnu::always_inline]] bool known(std::uint64_t address, Leaves& at) const {
        const Known& place = known_[address / mib % known_count];
        const std::uint64_t offset = address - place.start;
        if (offset >= mib || address % page_size != 0) [[unlikely]]
            return false;
        at = {place.at.entry + offset / page_size, place.at.link + offset / page_size};
        return true;
    }

    /// The entry an address goes through, at the lowest level that is there down to `lowest`.
    struct Step {
        PageEntry* entry;
        unsigned level;
    };
    Step walk(std::uint64_t address, unsigned lowest) const;

    /// The entry of a level and its link. Null: no table of that level, or no links yet.
    Leaves leaves_at(std::uint64_t address, unsigned level) const;
    /// As leaves_at(), with tables and links made where they are missing. Needs: check_make() said
    /// so, no larger page in the way.
    Leaves make_leaves(std::uint64_t address, unsigned level);
    /// Whether there are frames to make_leaves() of all entries of a level in [address, address +
    /// bytes). Errors: quota_exceeded, out_of_frames.
    Result<void> check_make(std::uint64_t address, std::uint64_t bytes, unsigned level) const;
    /// Whether a page of a level may go where an entry is: nothing is there, or an empty table.
    static bool has_room(PageEntry entry, unsigned level);
    /// Frees the empty table that an entry names, to make room for a large page. TLBs may hold
    /// parts of the way through it until they are flushed.
    void free_empty(PageEntry& entry);

    /// Clears pages by `clear(entry, link)` and frees tables, about `budget` entries of work; true
    /// when only the root is left.
    bool clear_pages(std::uint32_t budget, void (*clear)(PageEntry&, Link&));

private:
    static constexpr std::uint64_t mib = 1 << 20;
    static_assert(mib == links_per_frame * page_size);
    static constexpr std::uint32_t known_count = 32;
    /// A MiB of pages of 4 KiB whose table and links are there.
    struct alignas(32) Known {
        std::uint64_t start = 1ULL << 63;  ///< No user address is in the MiB from there.
        Leaves at;
    };

    static void free_table(FrameNumber table);
    void make_links(FrameNumber table, std::uint64_t address, unsigned level);
    bool clear_below(PhysAddr table, unsigned level, std::uint64_t base, std::uint32_t& budget,
                     void (*clear)(PageEntry&, Link&));

    PhysAddr root_ = {};
    Account* account_ = nullptr;
    std::uint64_t clear_from_ = 0;  ///< Addresses below are cleared already.
    mutable Known known_[known_count];
};

}  // namespace exo
