// exokernel/memory/address_space.hpp - AddressSpace: the page tables of one environment.
#pragma once

#include <cstdint>

#include "exokernel/core/types.hpp"
#include "exokernel/memory/account.hpp"
#include "exokernel/memory/page_entry.hpp"
#include "lamina/layout.hpp"
#include "lamina/result.hpp"
#include "lamina/syscalls.hpp"

namespace exo {

using lamina::Protection;

/// Maps user pages. Tables are charged to the account given at creation; each mapped page holds a
/// reference to its run, and a Link makes it a child of the capability it was mapped through, so
/// that revocation finds it. The links of 256 pages, one MiB, fill a frame, made with the first of
/// them; the frame's entry in the frame table tells which pages they are of. A link is in a ring if
/// and only if its page is mapped. The kernel half is shared by all spaces and not touched here.
/// Does not move once created.
class AddressSpace {
public:
    AddressSpace() = default;
    AddressSpace(const AddressSpace&) = delete;
    AddressSpace& operator=(const AddressSpace&) = delete;

    /// An empty space with its root table. Errors: quota_exceeded, out_of_frames.
    Result<void> create(Account& account, PhysAddr kernel_root);

    /// How pages are mapped, and the most that protect() may make of it later.
    struct Use {
        Protection now;
        Protection allowed;
    };

    /// Maps pages [first, first + count) of the frames `source` is for at `address`. All or
    /// nothing. The range must be page-aligned and in the user half, and count at least 1. The
    /// pages become the youngest children of `source`. Errors: already_mapped, quota_exceeded,
    /// out_of_frames.
    Result<void> map(std::uint64_t address, CapSlot& source, std::uint32_t first,
                     std::uint32_t count, Use use);
    /// Unmaps `count` pages. All or nothing. Errors: not_mapped.
    Result<void> unmap(std::uint64_t address, std::uint32_t count);

    /// The link of a mapped page.
    Link& link_of(std::uint64_t address) const { return *find_leaves(address).link; }
    /// A mapped page, found by its link.
    struct Mapping {
        AddressSpace* space;
        std::uint64_t address;
        FrameNumber frame;
    };
    /// What a link in a frame of state `mappings` stands for.
    static Mapping mapping_of(const Link& link);

    /// Changes how `count` mapped pages may be used. All or nothing. Errors: not_mapped,
    /// missing_right (more than a page's mapping allows).
    Result<void> protect(std::uint64_t address, std::uint32_t count, Protection protection);

    /// Where a user byte is in the kernel's half, if user code may access it so. Null if not.
    std::byte* find(std::uint64_t address, bool write) const;

    /// Unmaps pages and frees tables, about `budget` entries of work; true when only the root is
    /// left. Needs: the space is loaded nowhere.
    bool clear_some(std::uint32_t budget);
    /// Frees the root. Needs: clear_some() returned true, the space is loaded nowhere.
    void destroy();

    PhysAddr root() const { return root_; }

private:
    /// Entries of pages in a row up to the next MiB, and their links. Both null: not made yet.
    struct Leaves {
        PageEntry* entry = nullptr;
        Link* link = nullptr;
    };
    PageEntry* find_entry(std::uint64_t address, unsigned level) const;
    Leaves find_leaves(std::uint64_t address) const;
    std::uint32_t missing(std::uint64_t address, std::uint32_t count) const;
    Leaves make_leaves(std::uint64_t address);
    static void fill(const Leaves& leaves, CapSlot& source, std::uint32_t first,
                     std::uint32_t count, std::uint64_t bits);
    static void clear_leaf(PageEntry& entry, Link& link);
    static void free_table(FrameNumber table);
    bool clear_below(PhysAddr table, unsigned level, std::uint64_t base, std::uint32_t& budget);
    Result<void> map_parts(std::uint64_t address, CapSlot& source, std::uint32_t first,
                           std::uint32_t count, std::uint64_t bits);
    void unmap_part(const Leaves& leaves, std::uint64_t address, std::uint32_t count);
    Result<void> unmap_parts(std::uint64_t address, std::uint32_t count);
    void protect_part(PageEntry* leaf, std::uint64_t address, std::uint32_t count,
                      std::uint64_t bits);
    Result<void> protect_parts(std::uint64_t address, std::uint32_t count, Protection protection);

    PhysAddr root_ = {};
    Account* account_ = nullptr;
    std::uint64_t clear_from_ = 0;  ///< Addresses below are cleared already.
};

}  // namespace exo
