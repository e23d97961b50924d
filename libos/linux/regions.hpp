// libos/linux/regions.hpp - which parts of the address space the program has, and how it may use
// them.
//
// Regions are kept in ascending order and disjoint; two that touch differ in protection or in
// `backed`:
//
//   | r-x backed | rw- backed | rw- not backed |      | --- not backed |
//
// A region that is not backed has no frames yet: they come with the first access.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "lamina/result.hpp"
#include "lamina/syscalls.hpp"

namespace libos::linux_abi {

/// No access; not a protection that the kernel knows.
inline constexpr lamina::Protection no_access{0};

struct Region {
    std::uint64_t first;
    std::uint64_t end;
    lamina::Protection protection;
    bool backed;  ///< All its pages are mapped.

    std::uint64_t pages() const;
};

/// Fixed memory; pure logic. Addresses are page-aligned, ranges [first, end) not empty.
class Regions {
public:
    static constexpr std::size_t regions_max = 1024;

    /// The region an address lies in; null if none.
    const Region* find(std::uint64_t address) const;

    /// Whether no region has a page of the range.
    bool is_free(std::uint64_t first, std::uint64_t end) const;

    /// Whether every page of the range is in a region.
    bool covers(std::uint64_t first, std::uint64_t end) const;

    /// Whether every byte of [address, address + bytes) may be accessed in this way. Any address
    /// and length; 0 bytes may always.
    bool allows(std::uint64_t address, std::uint64_t bytes, lamina::Protection access) const;

    /// The highest address in [low, high) with so many free bytes behind it.
    std::optional<std::uint64_t> find_free(std::uint64_t bytes, std::uint64_t low,
                                           std::uint64_t high) const;

    /// Adds a region; its range is free. Errors: limit_reached, nothing changed.
    lamina::Result<void> insert(const Region& region);

    /// Whether erase, protect and set_backed have room for the parts they make.
    bool can_cut() const { return count_ + 2 <= regions_max; }

    /// Takes away what regions have of the range. Errors: limit_reached, nothing changed.
    lamina::Result<void> erase(std::uint64_t first, std::uint64_t end);

    /// Changes the protection of what regions have of the range. Errors: as erase.
    lamina::Result<void> protect(std::uint64_t first, std::uint64_t end,
                                 lamina::Protection protection);

    /// Says that what regions have of the range is backed, or not. Errors: as erase.
    lamina::Result<void> set_backed(std::uint64_t first, std::uint64_t end, bool backed);

    /// Calls `visit` with what each region has of the range, in ascending order, until it returns
    /// false. `visit` must not change the regions.
    template <typename Visit>
    void for_each(std::uint64_t first, std::uint64_t end, Visit visit) const {
        for (std::size_t i = index_of(first); i < count_ && regions_[i].first < end; ++i) {
            Region part = regions_[i];
            part.first = std::max(part.first, first);
            part.end = std::min(part.end, end);
            if (!visit(part)) return;
        }
    }

    std::size_t size() const { return count_; }

private:
    /// The first region that ends after an address.
    std::size_t index_of(std::uint64_t address) const;
    /// Makes regions end at both ends of a range, and says how many lie in it and where.
    struct Slice {
        std::size_t index;
        std::size_t count;
    };
    lamina::Result<Slice> cut(std::uint64_t first, std::uint64_t end);
    void split(std::uint64_t address);
    void open_gap(std::size_t index);
    void close_gap(std::size_t index, std::size_t count);
    /// Joins neighbours that do not differ, from the one before `index` to the one at its end.
    void merge(std::size_t index, std::size_t count);

    std::array<Region, regions_max> regions_ = {};
    std::size_t count_ = 0;
};

}  // namespace libos::linux_abi
