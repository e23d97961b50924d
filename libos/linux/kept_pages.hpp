// libos/linux/kept_pages.hpp - KeptPages: which pages of the program are kept elsewhere while it
// may not access them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "lamina/result.hpp"

namespace libos::linux_abi {

/// The contents of [first, end) are at `copy`.
struct KeptRange {
    std::uint64_t first;
    std::uint64_t end;
    std::uint64_t copy;
};

/// Fixed memory; pure logic. Ranges are disjoint, page-aligned and not empty, in no order.
class KeptPages {
public:
    static constexpr std::size_t ranges_max = 256;

    /// Adds a range; no page of it is kept yet. Errors: limit_reached, nothing changed.
    lamina::Result<void> insert(const KeptRange& range);

    /// Calls `visit` with what is kept of [first, end), each part with its own `copy`.
    template <typename Visit>
    void for_each(std::uint64_t first, std::uint64_t end, Visit visit) const {
        for (std::size_t i = 0; i < count_; ++i) {
            const KeptRange part = clip(ranges_[i], first, end);
            if (part.first < part.end) visit(part);
        }
    }

    bool has_any(std::uint64_t first, std::uint64_t end) const;

    /// Whether erase has room for the parts it makes.
    bool can_erase(std::uint64_t first, std::uint64_t end) const;
    /// Forgets what is kept of [first, end). Needs: can_erase().
    void erase(std::uint64_t first, std::uint64_t end);

    std::size_t size() const { return count_; }

private:
    static KeptRange clip(const KeptRange& range, std::uint64_t first, std::uint64_t end) {
        const auto from = std::max(range.first, first);
        return {from, std::min(range.end, end), range.copy + (from - range.first)};
    }

    std::array<KeptRange, ranges_max> ranges_ = {};
    std::size_t count_ = 0;
};

}  // namespace libos::linux_abi
