// libos/pager/share_region.cpp - shares a private region with another environment.
#include <utility>

#include "libos/pager/private_region.hpp"
#include "libos/pager/region_pages.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/mapping.hpp"

namespace libos {

namespace {

using lamina::fail;
using lamina::Handle;
using lamina::Protection;
using lamina::Result;
using lamina::Rights;
using lamina::Status;

// A region on its way to another environment. Each piece goes by a capability derived for it, which
// is for no other frame of the run: what lies there may be older than the sharing. Pages and the
// other's capability are made from that one, so revoking it takes both back.
class Sharing {
public:
    Sharing(RegionBook& book, RegionBook& theirs, Handle env)
        : book_(book),
          theirs_(theirs),
          env_(env),
          protection_(book.sealed() ? book.protection : Protection::read),
          rights_(Rights::read | Rights::copy |
                  (has(protection_, Protection::execute) ? Rights::execute : Rights::none)) {}

    /// Gives everything, or nothing.
    Result<void> give(Handle their_book) {
        auto given = give_pieces();
        if (given)
            given =
                sys::frames_map(env_, their_book, 0, RegionBook::book_pages_of(book_.page_count),
                                theirs_.address, Protection::read | Protection::write);
        for_each_given([&](Handle handle) {
            if (!given) (void)sys::cap_revoke(handle);
            (void)sys::cap_drop(handle);
        });
        return given;
    }

private:
    Result<void> give_pieces() {
        for (std::uint64_t page = 0; page < book_.page_count;) {
            const auto end = book_.piece_end(page);
            LAMINA_CHECK(give_piece(page, end - page));
            page = end;
        }
        return {};
    }

    Result<void> give_piece(std::uint64_t first, std::uint64_t pages) {
        auto& record = book_.pages()[first];
        LAMINA_TRY(record.given, sys::cap_derive(record.frames, rights_, record.index, pages));
        LAMINA_TRY(const Handle handle, sys::cap_copy(env_, record.given, rights_, 0));
        for (std::uint64_t i = 0; i < pages; ++i)
            theirs_.pages()[first + i] = {handle, std::uint32_t(i), RegionBook::Use::lent,
                                          Handle::null};
        return sys::frames_map(env_, record.given, 0, pages, theirs_.address_of(first),
                               protection_);
    }

    void for_each_given(auto visit) {
        for (auto& page : book_.pages())
            if (page.given != Handle::null) visit(std::exchange(page.given, Handle::null));
    }

    RegionBook& book_;
    RegionBook& theirs_;
    Handle env_;
    Protection protection_;
    Rights rights_;
};

void mark_shared(RegionBook& book) {
    for (auto& page : book.pages())
        if (page.use == RegionBook::Use::own) page.use = RegionBook::Use::shared;
    for (auto& block : book.blocks())
        block.faults = 0;
}

}  // namespace

Result<void> PrivateRegion::share(const Recipient& to) {
    // The null handle would be the caller itself.
    if (to.env == Handle::null) return fail(Status::bad_handle);
    const auto pages = RegionBook::book_pages_of(book_->page_count);
    LAMINA_TRY(const OwnedHandle frames, own(sys::frames_alloc(to.account, pages)));
    LAMINA_TRY(const Mapping mapping,
               Mapping::create(frames.get(), 0, pages, Protection::read | Protection::write));
    auto& theirs = *reinterpret_cast<RegionBook*>(mapping.address());

    const region::LockedBook locked(*book_);
    theirs.magic = RegionBook::right_magic;
    theirs.address = to.address;
    theirs.page_count = book_->page_count;
    theirs.protection = book_->protection;
    // From here on nobody writes to what they are given.
    auto shared =
        region::protect_all(*book_, book_->sealed() ? book_->protection : Protection::read);
    if (shared) shared = Sharing(*book_, theirs, to.env).give(frames.get());
    if (!shared) {
        region::protect_own(*book_);
        return shared;
    }
    if (!book_->sealed()) mark_shared(*book_);
    return {};
}

}  // namespace libos
