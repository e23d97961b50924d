// libos/vm/ranges.hpp - which parts of an address range are free: first fit, by pages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "lamina/result.hpp"

namespace libos {

/// Hands out page ranges of [first, end). Free ranges are kept in ascending order, disjoint, and
/// never adjacent: a freed range is merged with its neighbours. Fixed memory; pure logic.
class RangeAllocator {
public:
    static constexpr std::size_t free_ranges_max = 256;

    /// All of [first, end) is free; both page-aligned, first < end.
    constexpr RangeAllocator(std::uint64_t first, std::uint64_t end)
        : ranges_{{{first, end}}}, count_(1), first_(first), end_(end) {}

    /// The address of `pages` free pages, no longer free. Errors: bad_argument (0 pages),
    /// limit_reached (no free range is long enough). Cost: linear in the free ranges.
    lamina::Result<std::uint64_t> alloc(std::uint64_t pages);

    /// Makes pages free again. Errors: bad_argument (not all of it is handed out), limit_reached
    /// (it would make one free range too many); nothing changed.
    lamina::Result<void> free(std::uint64_t address, std::uint64_t pages);

    std::uint64_t pages_free() const;

private:
    struct Range {
        std::uint64_t first;
        std::uint64_t end;
    };

    void erase(std::size_t index);

    std::array<Range, free_ranges_max> ranges_;
    std::size_t count_;
    std::uint64_t first_;
    std::uint64_t end_;
};

}  // namespace libos
