// libos/pager/private_region.cpp - makes and adopts private regions, and serves their faults.
#include "libos/pager/private_region.hpp"

#include <algorithm>
#include <array>

#include "libos/pager/region_pages.hpp"
#include "libos/sys/handles.hpp"
#include "libos/upcall/upcall.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

namespace {

using lamina::fail;
using lamina::Handle;
using lamina::Protection;
using lamina::Result;
using lamina::Status;
using region::here;
using region::LockedBook;

constexpr std::uint8_t page_fault = 14;
// Of its error code. Source: Intel SDM vol. 3A, 4.7.
constexpr std::uint64_t present = 1;
constexpr std::uint64_t write = 2;

constinit std::array<RegionBook*, PrivateRegion::count_max> books = {};
constinit TrapHandler handler_before = nullptr;
constinit bool started = false;

RegionBook* find_book(std::uint64_t address) {
    for (auto* book : books)
        if (book != nullptr && address >= book->address_of(0) && address < book->end()) return book;
    return nullptr;
}

// Whether the instruction is to be repeated.
bool serve_locked(RegionBook& book, std::uint64_t address, std::uint64_t error) {
    const auto page = (address - book.address_of(0)) / lamina::page_size;
    ++book.faults;
    // Another vCPU may have been changing the page.
    if ((error & present) == 0) return region::restore(book, page).has_value();
    return (error & write) != 0 && !book.sealed() && region::make_own(book, page).has_value();
}

bool serve(lamina::VcpuArea& area) {
    if (auto* const book = find_book(area.trap_address); book != nullptr) {
        // Who has it locked may be a thread of this vCPU, which does not run before this returns.
        if (!book->try_lock()) {
            (void)sys::vcpu_yield();
            return true;
        }
        const bool served = serve_locked(*book, area.trap_address, area.trap_error);
        book->unlock();
        if (served) return true;
    }
    return handler_before != nullptr && handler_before(area);
}

Result<RegionBook**> free_place() {
    const auto place = std::ranges::find(books, nullptr);
    if (place == books.end()) return fail(Status::limit_reached);
    return place;
}

Result<void> start() {
    if (started) return {};
    if (vcpu_area().self == 0) LAMINA_CHECK(start_upcalls());
    handler_before = set_trap_handler(page_fault, serve);
    started = true;
    return {};
}

Result<RegionBook*> make_book(std::uint64_t address, std::uint64_t pages) {
    const auto book_pages = RegionBook::book_pages_of(pages);
    LAMINA_TRY(const OwnedHandle frames, own(sys::frames_alloc(fixed::account, book_pages)));
    LAMINA_CHECK(sys::frames_map(here, frames.get(), 0, book_pages, address,
                                 Protection::read | Protection::write));
    auto* const book = reinterpret_cast<RegionBook*>(address);
    book->magic = RegionBook::right_magic;
    book->address = address;
    book->page_count = pages;
    book->protection = Protection::read | Protection::write;
    return book;
}

Result<void> fill_block(RegionBook& book, RegionBook::Bounds block) {
    const auto count = block.end - block.first;
    LAMINA_TRY(OwnedHandle run, own(sys::frames_alloc(fixed::account, count)));
    LAMINA_CHECK(
        sys::frames_map(here, run.get(), 0, count, book.address_of(block.first), book.protection));
    book.block_of(block.first).run = run.get();
    for (auto page = block.first; page < block.end; ++page)
        book.pages()[page] = {run.get(), std::uint32_t(page - block.first), RegionBook::Use::own,
                              Handle::null};
    (void)run.release();
    return {};
}

void for_each_block(RegionBook& book, auto visit) {
    for (std::uint64_t page = 0; page < book.page_count; page += RegionBook::pages_per_block)
        visit(book.block_bounds(page));
}

}  // namespace

PrivateRegion::~PrivateRegion() {
    if (book_ == nullptr) return;
    std::ranges::replace(books, book_, nullptr);
    for (std::uint64_t page = 0; page < book_->page_count;) {
        const auto end = book_->piece_end(page);
        region::forget(*book_, page, end - page);
        page = end;
    }
    const auto address = book_->address;
    const auto pages = book_->page_count;
    const bool reserved = book_->addresses_reserved != 0;
    (void)sys::frames_unmap(here, address, RegionBook::book_pages_of(pages));
    if (reserved) free_addresses(address, RegionBook::all_pages_of(pages));
}

Result<PrivateRegion> PrivateRegion::create(std::uint64_t pages) {
    if (pages == 0 || pages > RegionBook::pages_max) return fail(Status::bad_argument);
    LAMINA_TRY(RegionBook * * const place, free_place());
    LAMINA_CHECK(start());
    LAMINA_TRY(const auto address, reserve_addresses(RegionBook::all_pages_of(pages)));
    const auto book = make_book(address, pages);
    if (!book) {
        free_addresses(address, RegionBook::all_pages_of(pages));
        return fail(book.error());
    }
    PrivateRegion made(*book);
    (*book)->addresses_reserved = 1;
    Result<void> filled;
    for_each_block(**book, [&](RegionBook::Bounds block) {
        if (filled) filled = fill_block(**book, block);
    });
    if (!filled) return fail(filled.error());
    *place = *book;
    return made;
}

Result<PrivateRegion> PrivateRegion::adopt(std::uint64_t origin) {
    auto* const book = reinterpret_cast<RegionBook*>(origin);
    if (!lamina::page_aligned(origin) || book->magic != RegionBook::right_magic ||
        book->address != origin || find_book(book->address_of(0)) != nullptr)
        return fail(Status::bad_argument);
    LAMINA_TRY(RegionBook * * const place, free_place());
    LAMINA_CHECK(start());
    *place = book;
    return PrivateRegion(book);
}

Result<void> PrivateRegion::seal(Protection protection) {
    if (protection != Protection::read && protection != (Protection::read | Protection::execute))
        return fail(Status::bad_argument);
    const LockedBook locked(*book_);
    if (const auto done = region::protect_all(*book_, protection); !done) {
        region::protect_own(*book_);
        return done;
    }
    book_->protection = protection;
    return {};
}

Result<void> PrivateRegion::make_private(std::uint64_t first, std::uint64_t count) {
    if (first > book_->page_count || count > book_->page_count - first || book_->sealed())
        return fail(Status::bad_argument);
    const LockedBook locked(*book_);
    for (auto page = first; page < first + count; ++page)
        LAMINA_CHECK(region::make_own(*book_, page));
    return {};
}

std::uint64_t PrivateRegion::settle() {
    const LockedBook locked(*book_);
    if (book_->sealed()) return 0;
    for_each_block(*book_, [&](RegionBook::Bounds block) { region::settle_block(*book_, block); });
    return std::uint64_t(std::ranges::count_if(
        book_->pages(), [](const auto& page) { return page.use != RegionBook::Use::own; }));
}

}  // namespace libos
