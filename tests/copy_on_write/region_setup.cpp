// tests/copy_on_write/region_setup.cpp - a region with known contents, and a sharer that has it.
#include "tests/copy_on_write/region_setup.hpp"

#include <array>

#include "libos/sys/handles.hpp"

namespace sharer {

using lamina::Status;
using libos::PrivateRegion;

lamina::Result<PrivateRegion> make_filled() {
    LAMINA_TRY(auto region, PrivateRegion::create(pages));
    fill(region.bytes(), 0, pages, ours);
    return region;
}

std::uint64_t filled(const PrivateRegion& region, std::uint64_t seed, std::uint64_t first,
                     std::uint64_t count) {
    return count_filled(region.bytes(), first, count, seed);
}

lamina::Result<void> share(PrivateRegion& region, const Sharer& with, std::uint64_t address) {
    return region.share({with.env(), with.account(), address});
}

lamina::Result<Sharer> start_with(PrivateRegion& region, std::uint64_t quota_frames) {
    LAMINA_TRY(Sharer child, Sharer::start(quota_frames));
    LAMINA_CHECK(share(region, child));
    if (child.tell(Task::adopt, region_address) != std::uint64_t(Status::ok))
        return lamina::fail(Status::bad_argument);
    return child;
}

void grow_table() {
    std::array<libos::OwnedHandle, 256> handles;
    for (auto& handle : handles) {
        const auto made = libos::sys::notification_create(libos::fixed::account);
        handle = libos::OwnedHandle(made.value_or(lamina::Handle::null));
    }
}

}  // namespace sharer
