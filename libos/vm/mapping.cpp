// libos/vm/mapping.cpp - frames mapped into one's own address space, at an address the libOS picks.
#include "libos/vm/mapping.hpp"

#include <algorithm>

#include "libos/debug/assert.hpp"
#include "libos/sys/handles.hpp"
#include "libos/vm/layout.hpp"
#include "libos/vm/ranges.hpp"

namespace libos {

namespace {

constinit RangeAllocator addresses(layout::mappings_first, layout::mappings_end);

// Maps pages of a run piece by piece; on failure the pieces before stay (`mapped` tells).
lamina::Result<void> map_pieces(lamina::Handle frames, std::uint64_t first, std::uint64_t pages,
                                std::uint64_t address, lamina::Protection protection,
                                std::uint64_t& mapped) {
    while (mapped < pages) {
        const auto piece = std::min(pages - mapped, lamina::pages_per_call_max);
        LAMINA_CHECK(sys::frames_map(fixed::self, frames, first + mapped, piece,
                                     address + mapped * lamina::page_size, protection));
        mapped += piece;
    }
    return {};
}

lamina::Result<void> map_new_pieces(lamina::Handle account, std::uint64_t pages,
                                    std::uint64_t address, std::uint64_t& mapped) {
    while (mapped < pages) {
        const auto piece = std::min(pages - mapped, lamina::pages_per_call_max);
        LAMINA_TRY(const OwnedHandle frames, own(sys::frames_alloc(account, piece)));
        LAMINA_CHECK(sys::frames_map(fixed::self, frames.get(), 0, piece,
                                     address + mapped * lamina::page_size,
                                     lamina::Protection::read | lamina::Protection::write));
        mapped += piece;
    }
    return {};
}

void unmap(std::uint64_t address, std::uint64_t pages) {
    for (std::uint64_t done = 0; done < pages;) {
        const auto piece = std::min(pages - done, lamina::pages_per_call_max);
        const bool unmapped =
            sys::frames_unmap(fixed::self, address + done * lamina::page_size, piece).has_value();
        LAMINA_ASSERT(unmapped);
        done += piece;
    }
}

}  // namespace

lamina::Result<std::uint64_t> reserve_addresses(std::uint64_t pages) {
    return addresses.alloc(pages);
}

void free_addresses(std::uint64_t address, std::uint64_t pages) {
    // Without room for one more free range the addresses stay unused.
    (void)addresses.free(address, pages);
}

Mapping::~Mapping() {
    if (pages_ == 0) return;
    unmap(address_, pages_);
    free_addresses(address_, pages_);
}

lamina::Result<Mapping> Mapping::create(lamina::Handle frames, std::uint64_t first,
                                        std::uint64_t pages, lamina::Protection protection) {
    LAMINA_TRY(const auto address, addresses.alloc(pages));
    std::uint64_t mapped = 0;
    const auto result = map_pieces(frames, first, pages, address, protection, mapped);
    if (!result) {
        unmap(address, mapped);
        free_addresses(address, pages);
        return lamina::fail(result.error());
    }
    return Mapping(address, pages);
}

lamina::Result<Mapping> Mapping::create_new(lamina::Handle account, std::uint64_t pages) {
    LAMINA_TRY(const auto address, addresses.alloc(pages));
    std::uint64_t mapped = 0;
    const auto result = map_new_pieces(account, pages, address, mapped);
    if (!result) {
        unmap(address, mapped);
        free_addresses(address, pages);
        return lamina::fail(result.error());
    }
    return Mapping(address, pages);
}

}  // namespace libos
