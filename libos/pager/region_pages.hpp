// libos/pager/region_pages.hpp - changes pages of a private region, and its book with them.
#pragma once

#include <cstdint>

#include "lamina/result.hpp"
#include "lamina/rights.hpp"
#include "libos/pager/region_book.hpp"
#include "libos/sys/calls.hpp"

namespace libos::region {

/// The caller's own space.
inline constexpr lamina::Handle here = lamina::Handle::null;

/// A book, locked while this lives. Only trap handlers must not wait for it: see serve().
class LockedBook {
public:
    explicit LockedBook(RegionBook& book) : book_(book) {
        while (!book_.try_lock())
            (void)sys::vcpu_yield();
    }
    LockedBook(const LockedBook&) = delete;
    LockedBook& operator=(const LockedBook&) = delete;
    ~LockedBook() { book_.unlock(); }

private:
    RegionBook& book_;
};

// All of these need the book locked.

/// Changes the protection of all pages. Errors: those of frames_protect; some are changed then.
lamina::Result<void> protect_all(RegionBook& book, lamina::Protection protection);

/// Gives the pages that are `own` the protection that the book says.
void protect_own(RegionBook& book);

/// Makes a page writable, by a copy if need be. Needs: not sealed. Errors: those of frames_alloc
/// and frames_map; the page has what it had.
lamina::Result<void> make_own(RegionBook& book, std::uint64_t page);

/// Maps a page as the book says, if it is not. Errors: those of frames_map but already_mapped.
lamina::Result<void> restore(RegionBook& book, std::uint64_t page);

/// Makes all pages of a block writable that nobody else uses, and moves the contents of those that
/// were copied back to the run of the block, if that is nobody else's.
void settle_block(RegionBook& book, RegionBook::Bounds block);

/// Forgets pages [first, first + pages), which are a piece, and drops the capability with its last
/// page.
void forget(RegionBook& book, std::uint64_t first, std::uint64_t pages);

}  // namespace libos::region
