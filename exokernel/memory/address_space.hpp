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
/// reference to its run. The kernel half is shared by all spaces and not touched here.
class AddressSpace {
public:
    /// An empty space with its root table. Errors: quota_exceeded, out_of_frames.
    Result<void> create(Account& account, PhysAddr kernel_root);

    /// Maps `count` frames from `first` on at `address`. All or nothing. The range must be
    /// page-aligned and in the user half; `allowed` is the most that protect() may give later.
    /// Errors: already_mapped, quota_exceeded, out_of_frames.
    Result<void> map(std::uint64_t address, FrameNumber first, std::uint32_t count,
                     Protection protection, Protection allowed);
    /// Unmaps `count` pages. All or nothing. Errors: not_mapped.
    Result<void> unmap(std::uint64_t address, std::uint32_t count);

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
    PageEntry* find_leaf(std::uint64_t address) const;
    Result<PageEntry*> make_leaf(std::uint64_t address);
    bool clear_below(PhysAddr table, unsigned level, std::uint64_t base, std::uint32_t& budget);
    Result<void> map_parts(std::uint64_t address, FrameNumber first, std::uint32_t count,
                           std::uint64_t bits);
    void unmap_checked(std::uint64_t address, std::uint32_t count);
    /// Whether `count` pages, whose leaf entries lie in one table, are all mapped.
    bool all_present(std::uint64_t address, std::uint32_t count) const;
    void prune(std::uint64_t address);

    PhysAddr root_ = {};
    Account* account_ = nullptr;
    std::uint64_t clear_from_ = 0;  ///< Addresses below are cleared already.
};

}  // namespace exo
