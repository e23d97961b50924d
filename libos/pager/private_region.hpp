// libos/pager/private_region.hpp - memory that environments share copy-on-write: what fork is made
// of.
//
// Sharing a region with another environment gives it page-table entries for the same frames, for
// reading only, and makes one's own read-only. Nothing is copied. The first write to a page, by
// either side, is a fault that the writer's libOS serves: the writer gets a frame of its own
// account, with the page's contents, in place of the shared one. Nobody ever sees what another one
// writes after the sharing.
//
//   parent                                          child
//   auto region = PrivateRegion::create(16);
//   ... writes to region->bytes() ...
//   region->share({child, account, at});
//   ... tells the child `at` ...                    auto region = PrivateRegion::adopt(at);
//                                                   ... reads and writes region->bytes() ...
//
// To fork a whole address space is to share every region at its own address, and to copy what must
// not fault: the book at the start of each region is the child's own already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "lamina/layout.hpp"
#include "lamina/result.hpp"
#include "lamina/rights.hpp"
#include "lamina/syscalls.hpp"
#include "libos/pager/region_book.hpp"

namespace libos {

/// What happened to a region in this environment since it was created or adopted.
struct RegionStatistics {
    std::uint64_t faults;    ///< That it was looked at for.
    std::uint64_t copies;    ///< Pages that got a frame of their own.
    std::uint64_t regained;  ///< Pages made writable again without a copy: others had let go.
};

/// Pages that read as zero until written. Regions are made, adopted and let go by one vCPU at a
/// time; all else may be done by any, at any moment.
///
/// Disabled code must not touch one. A system call that shall write to a page that is still shared
/// refuses it as not_mapped: make_private() before. One that another vCPU makes may find a page
/// away for a moment.
///
/// Only who has allocated a frame can have it back without a copy, once nothing else in the machine
/// refers to its run, by asking the kernel. Who was given it holds a capability to read, and copies
/// each page before writing, also when nobody else uses it any more.
class PrivateRegion {
public:
    /// Regions an environment can have at once.
    static constexpr std::size_t count_max = 32;

    PrivateRegion() = default;
    PrivateRegion(PrivateRegion&& other) noexcept { std::swap(book_, other.book_); }
    PrivateRegion& operator=(PrivateRegion&& other) noexcept {
        std::swap(book_, other.book_);
        return *this;
    }
    /// Unmaps the pages and gives the frames up. Who shares them keeps them, charged as they were.
    ~PrivateRegion();

    /// Makes a region with frames of the own account, and starts upcalls if the app has not. It
    /// takes a page of book for each 250 pages or so, and a capability for each 64. Errors:
    /// bad_argument (0 pages, more than RegionBook::pages_max), limit_reached (regions, addresses);
    /// those of frames_alloc, frames_map and vcpu_bind.
    static lamina::Result<PrivateRegion> create(std::uint64_t pages);

    /// Takes over what was shared with this environment at an address. Needs: share() to there has
    /// succeeded; who did is trusted. Errors: bad_argument (no region there), limit_reached; those
    /// of vcpu_bind.
    static lamina::Result<PrivateRegion> adopt(std::uint64_t origin);

    /// Whom a region is shared with.
    struct Recipient {
        lamina::Handle env;
        lamina::Handle account;  ///< Pays for its books.
        std::uint64_t address;   ///< Where the region shall begin there, a multiple of page_size.
    };
    /// Shares it as it is now. The environment may run already, or not yet. It may share it on, and
    /// several may be given it. Needs: `manage` of the environment, `spend` of the account. Errors:
    /// bad_handle (null), bad_address; those of frames_alloc, cap_derive, cap_copy and frames_map.
    /// Nothing has changed then, but the environment may have more page tables. Cost: three system
    /// calls a piece, which has up to 64 pages, and one for each 512 pages.
    lamina::Result<void> share(const Recipient& to);

    /// Makes it read-only for good, or, if so asked, read and execute: it is never copied from now
    /// on, and a write ends whoever does it, as a write to any read-only page. Errors: bad_argument
    /// (to be written), missing_right (pages adopted from who had no right to execute them);
    /// nothing changed.
    lamina::Result<void> seal(lamina::Protection protection);

    /// Does what writes to the pages [first, first + count) would have done, and says why not.
    /// Errors: bad_argument (beyond the end, sealed), quota_exceeded, out_of_frames, table_full.
    /// The pages before the one that failed are done; no contents change in any case.
    lamina::Result<void> make_private(std::uint64_t first, std::uint64_t count);

    /// Makes all pages writable that others have let go meanwhile, and gives back the frames that
    /// were copies of them: for when one has ended that it was shared with. How many pages others
    /// may still use. Cost: up to some ten system calls a block and two a copy.
    std::uint64_t settle();

    /// Where it begins, which is what adopt() is to be told.
    std::uint64_t origin() const { return book_->address; }
    std::span<std::byte> bytes() const {
        return {reinterpret_cast<std::byte*>(book_->address_of(0)),
                book_->page_count * lamina::page_size};
    }
    RegionStatistics statistics() const { return {book_->faults, book_->copies, book_->regained}; }

private:
    explicit PrivateRegion(RegionBook* book) : book_(book) {}

    RegionBook* book_ = nullptr;
};

}  // namespace libos
