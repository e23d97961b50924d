// libos/vm/mapping.cpp - frames mapped into one's own address space, at an address the libOS picks.
#include "libos/vm/mapping.hpp"

#include "libos/debug/assert.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/layout.hpp"
#include "libos/vm/ranges.hpp"

namespace libos {

namespace {

constinit RangeAllocator addresses(layout::mappings_first, layout::mappings_end);

}  // namespace

Mapping::~Mapping() {
    if (pages_ == 0)
        return;
    const bool unmapped = sys::frames_unmap(fixed::self, address_, pages_).has_value();
    LAMINA_ASSERT(unmapped);
    // Without room for one more free range the addresses stay unused.
    (void)addresses.free(address_, pages_);
}

lamina::Result<Mapping> Mapping::create(lamina::Handle frames, std::uint64_t first,
                                        std::uint64_t pages, lamina::Protection protection) {
    LAMINA_TRY(const auto address, addresses.alloc(pages));
    const auto mapped =
        sys::frames_map(fixed::self, frames, first, pages, address, protection);
    if (!mapped) {
        (void)addresses.free(address, pages);
        return lamina::fail(mapped.error());
    }
    return Mapping(address, pages);
}

lamina::Result<Mapping> Mapping::create_new(lamina::Handle account, std::uint64_t pages) {
    LAMINA_TRY(const OwnedHandle frames, own(sys::frames_alloc(account, pages)));
    return create(frames.get(), 0, pages, lamina::Protection::read | lamina::Protection::write);
}

}  // namespace libos
