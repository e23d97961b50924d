// libos/pager/region_book.hpp - what is known of each page of a private region.
//
//   first address of the region (the region's origin)
//     +-----------------------------------+
//     | the book: this header, the blocks,|  whole pages, never shared
//     | the pages                         |
//     +-----------------------------------+
//     | the window: one page of addresses |  where a frame is mapped while it is filled
//     +-----------------------------------+
//     | the pages themselves              |
//     +-----------------------------------+
//
// A *block* is pages_per_block pages. Every capability serves pages of one block only; pages in a
// row by the same capability are a *piece*, and the frames of a piece are in a row, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "lamina/layout.hpp"
#include "lamina/rights.hpp"
#include "lamina/syscalls.hpp"

namespace libos {

struct RegionBook {
    enum class Use : std::uint32_t {
        none,    ///< It has no frame.
        own,     ///< Its frame is this environment's alone. Written without a fault.
        shared,  ///< Its frame is this environment's, which has given it to others as well.
        lent,    ///< Its frame is that of who has shared the region; the capability is to read it.
    };
    struct Page {
        lamina::Handle frames;
        std::uint32_t index;  ///< Its frame's place in the run.
        Use use;
        lamina::Handle given;  ///< Of a piece's first page, while it is shared: what it goes by.
    };
    struct Block {
        lamina::Handle run;    ///< The run that the block was made with; null: no page is in it.
        std::uint32_t faults;  ///< At pages of that run since it was shared last.
    };

    static constexpr std::uint64_t right_magic = 0x4b4f'4f42'4e47'4552;  // "REGNBOOK"
    static constexpr std::uint64_t pages_per_block = 64;
    static constexpr std::uint64_t pages_max = 1 << 16;

    std::uint64_t magic;
    std::uint64_t address;  ///< Of the book itself.
    std::uint64_t page_count;
    lamina::Protection protection;  ///< Of pages that are `own`; without `write`: sealed.
    std::uint32_t addresses_reserved;
    std::uint32_t locked;
    std::uint32_t reserved;
    std::uint64_t faults;
    std::uint64_t copies;
    std::uint64_t regained;

    static constexpr std::uint64_t blocks_of(std::uint64_t pages) {
        return (pages + pages_per_block - 1) / pages_per_block;
    }
    static constexpr std::uint64_t bytes_of(std::uint64_t pages);
    /// Pages of a book for so many pages.
    static constexpr std::uint64_t book_pages_of(std::uint64_t pages) {
        return lamina::page_ceil(bytes_of(pages)) / lamina::page_size;
    }
    /// Pages of addresses of a region with so many pages.
    static constexpr std::uint64_t all_pages_of(std::uint64_t pages) {
        return book_pages_of(pages) + 1 + pages;
    }

    std::uint64_t window() const { return address + book_pages_of(page_count) * lamina::page_size; }
    std::uint64_t address_of(std::uint64_t page) const {
        return window() + (1 + page) * lamina::page_size;
    }
    std::uint64_t end() const { return address_of(page_count); }
    bool sealed() const { return !has(protection, lamina::Protection::write); }

    std::span<Block> blocks() {
        return {reinterpret_cast<Block*>(this + 1), blocks_of(page_count)};
    }
    std::span<Page> pages() {
        return {reinterpret_cast<Page*>(blocks().data() + blocks().size()), page_count};
    }
    Block& block_of(std::uint64_t page) { return blocks()[page / pages_per_block]; }

    /// The first page behind the piece that a page is in.
    std::uint64_t piece_end(std::uint64_t page) {
        const auto all = pages();
        const auto block_end = block_bounds(page).end;
        auto end = page + 1;
        while (end < block_end && all[end].frames == all[page].frames)
            ++end;
        return end;
    }

    struct Bounds {
        std::uint64_t first;
        std::uint64_t end;
    };
    /// The pages of the block that a page is in.
    Bounds block_bounds(std::uint64_t page) const {
        const auto first = page / pages_per_block * pages_per_block;
        const auto end = first + pages_per_block;
        return {first, end < page_count ? end : page_count};
    }

    /// Calls `visit(first page, pages)` for the pieces of `bounds` by a capability. Needs: bounds
    /// of whole pieces.
    void for_pieces_by(lamina::Handle frames, Bounds bounds, auto visit) {
        for (auto page = bounds.first; page < bounds.end;) {
            const auto piece = piece_end(page);
            if (pages()[page].frames == frames) visit(page, piece - page);
            page = piece;
        }
    }

    bool try_lock() { return __atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE) == 0; }
    void unlock() { __atomic_store_n(&locked, 0, __ATOMIC_RELEASE); }
};

constexpr std::uint64_t RegionBook::bytes_of(std::uint64_t pages) {
    return sizeof(RegionBook) + blocks_of(pages) * sizeof(Block) + pages * sizeof(Page);
}
static_assert(sizeof(RegionBook::Page) == 16 &&
              sizeof(RegionBook) % alignof(RegionBook::Page) == 0);
static_assert(RegionBook::book_pages_of(RegionBook::pages_max) <= lamina::pages_per_call_max);

}  // namespace libos
