// libos/linux/kept_pages.cpp - which pages of the program are kept elsewhere.
#include "libos/linux/kept_pages.hpp"

namespace libos::linux_abi {

lamina::Result<void> KeptPages::insert(const KeptRange& range) {
    if (count_ == ranges_max) return lamina::fail(lamina::Status::limit_reached);
    ranges_[count_++] = range;
    return {};
}

bool KeptPages::has_any(std::uint64_t first, std::uint64_t end) const {
    bool any = false;
    for_each(first, end, [&](const KeptRange&) { any = true; });
    return any;
}

bool KeptPages::can_erase(std::uint64_t first, std::uint64_t end) const {
    // Only a range that goes on at both sides becomes two; there is at most one.
    const bool splits =
        std::any_of(ranges_.begin(), ranges_.begin() + count_,
                    [&](const KeptRange& range) { return range.first < first && range.end > end; });
    return !splits || count_ < ranges_max;
}

void KeptPages::erase(std::uint64_t first, std::uint64_t end) {
    for (std::size_t i = 0; i < count_;) {
        const KeptRange range = ranges_[i];
        if (range.end <= first || range.first >= end) {
            ++i;
            continue;
        }
        const KeptRange below = clip(range, range.first, first);
        const KeptRange above = clip(range, end, range.end);
        if (below.first < below.end) {
            ranges_[i++] = below;
            if (above.first < above.end) ranges_[count_++] = above;
        } else if (above.first < above.end) {
            ranges_[i++] = above;
        } else {
            ranges_[i] = ranges_[--count_];
        }
    }
}

}  // namespace libos::linux_abi
