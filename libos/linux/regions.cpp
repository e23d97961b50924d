// libos/linux/regions.cpp - which parts of the address space the program has.
#include "libos/linux/regions.hpp"

#include "lamina/layout.hpp"

namespace libos::linux_abi {

using lamina::Protection;

namespace {

bool alike(const Region& before, const Region& after) {
    return before.end == after.first && before.protection == after.protection &&
           before.backed == after.backed;
}

}  // namespace

std::uint64_t Region::pages() const { return (end - first) / lamina::page_size; }

std::size_t Regions::index_of(std::uint64_t address) const {
    const auto* const found = std::upper_bound(
        regions_.begin(), regions_.begin() + count_, address,
        [](std::uint64_t wanted, const Region& region) { return wanted < region.end; });
    return std::size_t(found - regions_.begin());
}

const Region* Regions::find(std::uint64_t address) const {
    const auto index = index_of(address);
    const bool found = index < count_ && regions_[index].first <= address;
    return found ? &regions_[index] : nullptr;
}

bool Regions::is_free(std::uint64_t first, std::uint64_t end) const {
    const auto index = index_of(first);
    return index == count_ || regions_[index].first >= end;
}

bool Regions::covers(std::uint64_t first, std::uint64_t end) const {
    return allows(first, end - first, no_access);
}

bool Regions::allows(std::uint64_t address, std::uint64_t bytes, Protection access) const {
    if (bytes == 0) return true;
    const auto last = address + bytes - 1;
    if (last < address) return false;
    const auto wanted = std::uint32_t(access);
    for (auto i = index_of(address); i < count_ && regions_[i].first <= address; ++i) {
        if ((std::uint32_t(regions_[i].protection) & wanted) != wanted) return false;
        if (last < regions_[i].end) return true;
        address = regions_[i].end;
    }
    return false;
}

std::optional<std::uint64_t> Regions::find_free(std::uint64_t bytes, std::uint64_t low,
                                                std::uint64_t high) const {
    const auto* const above = std::lower_bound(
        regions_.begin(), regions_.begin() + count_, high,
        [](const Region& region, std::uint64_t wanted) { return region.first < wanted; });
    auto end = high;
    for (auto i = std::size_t(above - regions_.begin());; --i) {
        // The gap below `end` and above the region before it.
        const auto first = i == 0 ? low : std::max(low, regions_[i - 1].end);
        if (end > first && end - first >= bytes) return end - bytes;
        if (first == low) return {};
        end = regions_[i - 1].first;
    }
}

void Regions::open_gap(std::size_t index) {
    std::copy_backward(regions_.begin() + index, regions_.begin() + count_,
                       regions_.begin() + count_ + 1);
    ++count_;
}

void Regions::close_gap(std::size_t index, std::size_t count) {
    std::copy(regions_.begin() + index + count, regions_.begin() + count_,
              regions_.begin() + index);
    count_ -= count;
}

void Regions::split(std::uint64_t address) {
    const auto index = index_of(address);
    if (index == count_ || regions_[index].first >= address) return;
    open_gap(index);
    regions_[index].end = address;
    regions_[index + 1].first = address;
}

lamina::Result<Regions::Slice> Regions::cut(std::uint64_t first, std::uint64_t end) {
    if (!can_cut()) return lamina::fail(lamina::Status::limit_reached);
    split(first);
    split(end);
    const auto index = index_of(first);
    return Slice{index, index_of(end) - index};
}

void Regions::merge(std::size_t index, std::size_t count) {
    auto left = index == 0 ? 0 : index - 1;
    for (auto pairs = count + 1; pairs != 0 && left + 1 < count_; --pairs) {
        if (alike(regions_[left], regions_[left + 1])) {
            regions_[left].end = regions_[left + 1].end;
            close_gap(left + 1, 1);
        } else {
            ++left;
        }
    }
}

lamina::Result<void> Regions::insert(const Region& region) {
    if (count_ == regions_max) return lamina::fail(lamina::Status::limit_reached);
    const auto index = index_of(region.first);
    open_gap(index);
    regions_[index] = region;
    merge(index, 1);
    return {};
}

lamina::Result<void> Regions::erase(std::uint64_t first, std::uint64_t end) {
    LAMINA_TRY(const Slice slice, cut(first, end));
    close_gap(slice.index, slice.count);
    return {};
}

lamina::Result<void> Regions::protect(std::uint64_t first, std::uint64_t end,
                                      Protection protection) {
    LAMINA_TRY(const Slice slice, cut(first, end));
    for (auto i = slice.index; i < slice.index + slice.count; ++i)
        regions_[i].protection = protection;
    merge(slice.index, slice.count);
    return {};
}

lamina::Result<void> Regions::set_backed(std::uint64_t first, std::uint64_t end, bool backed) {
    LAMINA_TRY(const Slice slice, cut(first, end));
    for (auto i = slice.index; i < slice.index + slice.count; ++i)
        regions_[i].backed = backed;
    merge(slice.index, slice.count);
    return {};
}

}  // namespace libos::linux_abi
