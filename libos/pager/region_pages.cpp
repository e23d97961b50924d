// libos/pager/region_pages.cpp - changes pages of a private region, and its book with them.
#include "libos/pager/region_pages.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "libos/sys/handles.hpp"

namespace libos::region {

namespace {

using lamina::Handle;
using lamina::Protection;
using lamina::Result;
using lamina::Status;
using Use = RegionBook::Use;

constexpr auto read_write = Protection::read | Protection::write;

void drop_if_unused(RegionBook& book, Handle frames, std::uint64_t page) {
    bool used = false;
    book.for_pieces_by(frames, book.block_bounds(page), [&](auto, auto) { used = true; });
    if (used) return;
    auto& block = book.block_of(page);
    if (block.run == frames) block.run = Handle::null;
    (void)sys::cap_drop(frames);
}

// Gives a page another frame of the caller's, with the page's contents. Nobody may write to the
// page meanwhile. The window and the page need no table: their neighbours are mapped, always.
Result<void> move_to(RegionBook& book, std::uint64_t page, Handle frames, std::uint32_t index) {
    // One that was taken by force must not be touched while the book is locked.
    LAMINA_CHECK(restore(book, page));
    LAMINA_CHECK(sys::frames_map(here, frames, index, 1, book.window(), read_write));
    const auto address = book.address_of(page);
    std::memcpy(reinterpret_cast<void*>(book.window()), reinterpret_cast<const void*>(address),
                lamina::page_size);
    (void)sys::frames_unmap(here, book.window(), 1);
    (void)sys::frames_unmap(here, address, 1);
    LAMINA_CHECK(sys::frames_map(here, frames, index, 1, address, book.protection));
    auto& record = book.pages()[page];
    const Handle before = record.frames;
    record = {frames, index, Use::own, Handle::null};
    drop_if_unused(book, before, page);
    return {};
}

Result<void> copy(RegionBook& book, std::uint64_t page) {
    LAMINA_TRY(OwnedHandle frame, own(sys::frames_alloc(fixed::account, 1)));
    LAMINA_CHECK(move_to(book, page, frame.get(), 0));
    (void)frame.release();
    ++book.copies;
    return {};
}

// Whether nothing in the machine but this capability refers to its run: frames_split looks for that
// before it refuses to split nothing off. It cannot change then but by this capability.
bool is_sole(Handle frames) {
    const auto split = sys::frames_split(frames, 0);
    return !split && split.error() == Status::bad_argument;
}

// Makes the pages by a capability writable if nobody else uses its run. The own pages of it are
// references, too, so they have to go for a moment; who touches one meanwhile finds it by the
// fault.
void regain(RegionBook& book, Handle frames, RegionBook::Bounds block) {
    book.for_pieces_by(frames, block, [&](std::uint64_t first, std::uint64_t pages) {
        (void)sys::frames_unmap(here, book.address_of(first), pages);
    });
    const bool sole = is_sole(frames);
    book.for_pieces_by(frames, block, [&](std::uint64_t first, std::uint64_t pages) {
        const auto piece = book.pages().subspan(first, pages);
        const auto mapped =
            sys::frames_map(here, frames, piece[0].index, pages, book.address_of(first),
                            sole ? book.protection : Protection::read);
        if (!mapped || !sole) return;
        for (auto& page : piece)
            page.use = Use::own;
        book.regained += pages;
    });
}

// Whether to look if a shared page is nobody else's. That costs as much as it has pages, so of the
// block's run only at each fault whose number is a power of two.
bool worth_a_look(RegionBook& book, std::uint64_t page) {
    auto& block = book.block_of(page);
    return book.pages()[page].frames != block.run || std::has_single_bit(++block.faults);
}

}  // namespace

Result<void> protect_all(RegionBook& book, Protection protection) {
    for (std::uint64_t done = 0; done < book.page_count;) {
        const auto piece = std::min(book.page_count - done, lamina::pages_per_call_max);
        LAMINA_CHECK(sys::frames_protect(here, book.address_of(done), piece, protection));
        done += piece;
    }
    return {};
}

void protect_own(RegionBook& book) {
    for (std::uint64_t page = 0; page < book.page_count;) {
        const auto end = book.piece_end(page);
        if (book.pages()[page].use == Use::own)
            (void)sys::frames_protect(here, book.address_of(page), end - page, book.protection);
        page = end;
    }
}

Result<void> make_own(RegionBook& book, std::uint64_t page) {
    const auto& record = book.pages()[page];
    if (record.use == Use::shared && worth_a_look(book, page)) {
        regain(book, record.frames, book.block_bounds(page));
        if (record.use == Use::own) return {};
    }
    if (record.use == Use::own)
        return sys::frames_protect(here, book.address_of(page), 1, book.protection);
    return copy(book, page);
}

Result<void> restore(RegionBook& book, std::uint64_t page) {
    const auto& record = book.pages()[page];
    const auto protection =
        book.sealed() || record.use == Use::own ? book.protection : Protection::read;
    const auto mapped =
        sys::frames_map(here, record.frames, record.index, 1, book.address_of(page), protection);
    if (!mapped && mapped.error() != Status::already_mapped) return mapped;
    return {};
}

void settle_block(RegionBook& book, RegionBook::Bounds block) {
    const auto pages = book.pages();
    const Handle run = book.block_of(block.first).run;
    const auto run_is_shared = [&] {
        return std::ranges::any_of(pages.subspan(block.first, block.end - block.first),
                                   [&](const RegionBook::Page& page) {
                                       return page.frames == run && page.use == Use::shared;
                                   });
    };
    if (run_is_shared()) regain(book, run, block);
    for (auto page = block.first; page < block.end; ++page)
        if (pages[page].use == Use::shared && pages[page].frames != run)
            regain(book, pages[page].frames, block);

    if (run == Handle::null || run_is_shared()) return;
    for (auto page = block.first; page < block.end; ++page) {
        if (pages[page].frames == run) continue;
        (void)sys::frames_protect(here, book.address_of(page), 1, Protection::read);
        // What fails leaves the page where it was; a write to it then finds it by the fault.
        (void)move_to(book, page, run, std::uint32_t(page - block.first));
    }
}

void forget(RegionBook& book, std::uint64_t first, std::uint64_t pages) {
    const Handle frames = book.pages()[first].frames;
    if (frames == Handle::null) return;
    (void)sys::frames_unmap(here, book.address_of(first), pages);
    for (auto& page : book.pages().subspan(first, pages))
        page = {};
    drop_if_unused(book, frames, first);
}

}  // namespace libos::region
