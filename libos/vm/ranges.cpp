// libos/vm/ranges.cpp - which parts of an address range are free: first fit, by pages.
#include "libos/vm/ranges.hpp"

#include "lamina/layout.hpp"

namespace libos {

using lamina::fail;
using lamina::page_size;
using lamina::Status;

void RangeAllocator::erase(std::size_t index) {
    for (--count_; index < count_; ++index)
        ranges_[index] = ranges_[index + 1];
}

lamina::Result<std::uint64_t> RangeAllocator::alloc(std::uint64_t pages) {
    if (pages == 0) return fail(Status::bad_argument);
    for (std::size_t i = 0; i < count_; ++i) {
        Range& range = ranges_[i];
        if ((range.end - range.first) / page_size < pages) continue;
        const auto address = range.first;
        range.first += pages * page_size;
        if (range.first == range.end) erase(i);
        return address;
    }
    return fail(Status::limit_reached);
}

lamina::Result<void> RangeAllocator::free(std::uint64_t address, std::uint64_t pages) {
    if (!lamina::page_aligned(address) || address < first_ || address >= end_ || pages == 0 ||
        pages > (end_ - address) / page_size)
        return fail(Status::bad_argument);
    const auto end = address + pages * page_size;
    std::size_t after = 0;
    while (after < count_ && ranges_[after].end <= address)
        ++after;
    if (after < count_ && ranges_[after].first < end) return fail(Status::bad_argument);
    const bool joins_before = after > 0 && ranges_[after - 1].end == address;
    const bool joins_after = after < count_ && ranges_[after].first == end;
    if (joins_before && joins_after) {
        ranges_[after - 1].end = ranges_[after].end;
        erase(after);
    } else if (joins_before) {
        ranges_[after - 1].end = end;
    } else if (joins_after) {
        ranges_[after].first = address;
    } else {
        if (count_ == free_ranges_max) return fail(Status::limit_reached);
        for (std::size_t i = count_++; i > after; --i)
            ranges_[i] = ranges_[i - 1];
        ranges_[after] = {address, end};
    }
    return {};
}

std::uint64_t RangeAllocator::pages_free() const {
    std::uint64_t pages = 0;
    for (std::size_t i = 0; i < count_; ++i)
        pages += (ranges_[i].end - ranges_[i].first) / page_size;
    return pages;
}

}  // namespace libos
