// include/lamina/sync/reported_set.hpp - ReportedSet: which violations were reported already.
#pragma once

#include <array>
#include <cstdint>

#include "lamina/sync/order_report.hpp"

namespace lamina::sync {

/// Remembers a violation and the two classes it was between, so that each is reported once. Fixed
/// in size: when it is full, everything counts as reported. Used by one at a time.
class ReportedSet {
public:
    static constexpr unsigned entries_max = 256;

    /// True the first time it is asked about this violation of these two (0: none).
    constexpr bool is_first(Violation what, std::uint16_t a, std::uint16_t b) {
        const std::uint64_t key =
            (std::uint64_t{static_cast<unsigned>(what)} + 1) << 32 | std::uint64_t{a} << 16 | b;
        unsigned at = unsigned(key * 0x9e37'79b9'7f4a'7c15 >> 56) % entries_max;
        for (unsigned tries = 0; tries < entries_max; ++tries) {
            if (keys_[at] == key) return false;
            if (keys_[at] == 0) {
                keys_[at] = key;
                return true;
            }
            at = (at + 1) % entries_max;
        }
        return false;
    }

private:
    std::array<std::uint64_t, entries_max> keys_{};
};

}  // namespace lamina::sync
