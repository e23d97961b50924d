// exokernel/memory/address_space.hpp - AddressSpace: the page tables of one environment.
#pragma once

#include <cstdint>
#include <span>

#include "arch/machine.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/memory/page_tables.hpp"
#include "lamina/syscalls.hpp"

namespace exo {

using lamina::Protection;

/// Maps user pages of 4 KiB, 2 MiB and 1 GiB. Each mapped page holds a reference to its run, and
/// its Link makes it a child of the capability it was mapped through, so that revocation finds it.
/// A link is in a ring if and only if its page is mapped. Ranges are given by an address and a
/// count of page frames; one call changes at most pages_per_call_max entries, all or none.
///
/// What is inlined here is for one page of 4 KiB whose table is known, which is what most calls are
/// about. Anything else, and every error, goes to the general functions.
class AddressSpace : public PageTables {
public:
    static bool is_small(Protection use) {
        return !has(use, Protection::size_2m) && !has(use, Protection::size_1g);
    }

    /// How pages are mapped, and the most that protect() may make of it later.
    struct Use {
        Protection now;
        Protection allowed;
        bool lent = false;  ///< By another environment.
    };

    /// Maps frames [first, first + count) of those `source` is for at `address`, in pages of the
    /// size that `use.now` says. The pages become the youngest children of `source`. Needs: the
    /// frames are within `source`. Errors: bad_argument (count, or frames not aligned to the size),
    /// bad_address, already_mapped, quota_exceeded, out_of_frames.
    [[gnu::always_inline]] Result<void> map(std::uint64_t address, CapSlot& source,
                                            std::uint64_t first, std::uint64_t count, Use use) {
        if (count != 1 || !map_page(address, source, first, use)) [[unlikely]]
            return map_slowly(address, source, first, count, use);
        return {};
    }
    /// Maps one page as map() does, if it is one of 4 KiB, its table is known and nothing is there.
    [[gnu::always_inline]] bool map_page(std::uint64_t address, CapSlot& source,
                                         std::uint64_t first, Use use) {
        Leaves at;
        if (!known(address, at) || !is_small(use.now) || at.entry->is_present()) [[unlikely]]
            return false;
        ++source.object->references;
        at.entry->bits = address_of({source.first + std::uint32_t(first)}).value | leaf_bits(use);
        at.link->join(source.children);
        return true;
    }

    /// Whether the caller knows that the space is the one this CPU has loaded.
    enum class Whose { anybodys, callers };

    /// Unmaps a range. Errors: bad_argument (count), bad_address, not_mapped, partial_page.
    [[gnu::always_inline]] Result<void> unmap(std::uint64_t address, std::uint64_t count,
                                              Whose whose = Whose::anybodys) {
        Leaves at;
        if (count != 1 || !known(address, at) || !at.entry->is_present()) [[unlikely]]
            return unmap_slowly(address, count);
        clear_leaf(*at.entry, *at.link);
        if (is_loaded(whose)) arch::invalidate_page(address);
        return {};
    }

    /// Unmaps one page of 4 KiB of the space that is loaded, if its table is known, only its
    /// environment uses its run, and more refers to that than the page.
    [[gnu::always_inline]] bool unmap_own_page(std::uint64_t address) {
        Leaves at;
        if (!known(address, at) || !at.entry->is_present()) [[unlikely]]
            return false;
        FrameInfo& run = frames.run_of(frame_of(at.entry->target()));
        if (run.marks != 0 || run.references == 1) [[unlikely]]
            return false;
        at.entry->bits = 0;
        at.link->leave();
        --run.references;
        arch::invalidate_page(address);
        return true;
    }

    /// What protect() needs and makes of an entry.
    struct Change {
        explicit Change(Protection use)
            : needed(PageEntry::present | allowed_bits(use)), bits(protection_bits(use)) {}
        std::uint64_t needed;
        std::uint64_t bits;
    };

    /// Changes how mapped pages may be used, and their software bits; their size stays. Errors: as
    /// unmap(); missing_right (more than a page's mapping allows).
    [[gnu::always_inline]] Result<void> protect(std::uint64_t address, std::uint64_t count,
                                                Change change, Whose whose = Whose::anybodys) {
        Leaves at;
        if (count != 1 || !known(address, at) || !at.entry->has(change.needed)) [[unlikely]]
            return protect_slowly(address, count, change);
        at.entry->bits = (at.entry->bits & kept_bits) | change.bits;
        if (is_loaded(whose)) arch::invalidate_page(address);
        return {};
    }

    /// The link of a mapped page.
    Link& link_of(std::uint64_t address) const;

    /// Where a user byte is in the kernel's half, if user code may access it so. Null if not.
    std::byte* find(std::uint64_t address, bool write) const;

    /// The first address in a range of page frames that is not mapped; its end if all are. Needs: a
    /// range that unmap() has refused. Cost: O(pages), at most pages_per_call_max.
    std::uint64_t first_unmapped(std::uint64_t address, std::uint64_t count) const;

    /// Unmaps pages and frees tables, about `budget` entries of work; true when only the root is
    /// left. Needs: the space is loaded nowhere.
    bool clear_some(std::uint32_t budget) { return clear_pages(budget, clear_leaf); }

    /// The table of a level that an address goes through; null: there is none.
    const PageTablePage* table(std::uint64_t address, unsigned level) const {
        const auto [entry, found] = walk(address, level);
        if (found != level) return nullptr;
        return reinterpret_cast<const PageTablePage*>(entry - entry_index(address, level));
    }

    /// Which CPUs use its page tables, as bits. Kept by those who load them.
    struct Users {
        std::uint64_t loaded = 0;  ///< They are loaded there.
        std::uint64_t kept = 0;    ///< So they are, or were: the TLB may have entries of them.
        /// Entries of an older one are dropped where the tables are loaded again.
        std::uint64_t generation = 0;
        /// map() has freed a table, which other CPUs may walk through until they are told.
        bool table_freed = false;
    };
    Users users;
    std::uint64_t id = 0;  ///< Its environment's, never repeated.

private:
    /// Entries in a row, in one half of a table: several of pages of 4 KiB, of which only the first
    /// is known to be mapped, or one of a large page.
    struct Row {
        Leaves at;
        unsigned level = 1;
        std::uint32_t pages = 0;
        std::uint64_t bytes() const { return pages * entry_span(level); }
        std::span<PageEntry> entries() const { return {at.entry, pages}; }
    };

    // Protection's bits are chosen so that these are shifts (static_asserts in the source file).
    static std::uint64_t protection_bits(Protection use) {
        const auto bits = std::uint64_t(use);
        return PageEntry::present | PageEntry::user | (bits & 2) | (~bits & 4) << 61 |
               (bits & 0x700) << 1;
    }
    static std::uint64_t allowed_bits(Protection use) { return (std::uint64_t(use) & 6) << 51; }
    static std::uint64_t leaf_bits(Use use) {
        return protection_bits(use.now) | allowed_bits(use.allowed) | std::uint64_t{use.lent} << 54;
    }

    /// What protect() leaves of an entry.
    static constexpr std::uint64_t kept_bits = PageEntry::address_mask | PageEntry::may_write |
                                               PageEntry::may_execute | PageEntry::large |
                                               PageEntry::lent;
    bool is_loaded(Whose whose) const {
        return whose == Whose::callers || arch::loaded_page_table() == root();
    }

    /// A page leaves its ring and loses its entry and its reference.
    static void clear_leaf(PageEntry& entry, Link& link) {
        const FrameNumber frame = frame_of(entry.target());
        entry.bits = 0;
        link.leave();
        frames.release(frame);
    }
    LAMINA_KEEPS_REGISTERS Result<void> map_slowly(std::uint64_t address, CapSlot& source,
                                                   std::uint64_t first, std::uint64_t count,
                                                   Use use);
    LAMINA_KEEPS_REGISTERS Result<void> unmap_slowly(std::uint64_t address, std::uint64_t count);
    LAMINA_KEEPS_REGISTERS Result<void> protect_slowly(std::uint64_t address, std::uint64_t count,
                                                       Change change);
    Result<Row> row_at(std::uint64_t address, std::uint64_t count) const;
    Result<void> check_rows(std::uint64_t address, std::uint64_t count, std::uint64_t needed) const;
    void for_each_page(std::uint64_t address, std::uint64_t count, auto visit);
};

}  // namespace exo
