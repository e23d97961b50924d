// exokernel/memory/account.hpp - Account: a quota of page frames, cut out of its parent's.
#pragma once

#include <cstdint>

#include "exokernel/cap/capability.hpp"
#include "lamina/result.hpp"

namespace exo {

/// It lives while a capability refers to it or anything is charged to it.
/// At every moment used <= limit, and `used` is the sum of the frames charged here and the limits
/// of the accounts made from this one. So charging looks at one account only.
struct Account : Object {
    /// Most accounts above one: the end of the last of a chain may be the end of them all.
    static constexpr std::uint32_t depth_max = 64;

    Account* parent = nullptr;
    std::uint64_t limit = 0;
    std::uint64_t used = 0;
    std::uint32_t depth = 0;  ///< How many accounts are above it.

    /// Takes `frames` out of the quota. Errors: quota_exceeded, and nothing is taken.
    lamina::Result<void> charge(std::uint64_t frames) {
        if (frames > limit - used) return lamina::fail(lamina::Status::quota_exceeded);
        used += frames;
        return {};
    }
    /// Gives them back. Whether nobody needs the account any more.
    [[nodiscard]] bool refund(std::uint64_t frames) {
        used -= frames;
        return used == 0 && references == 0;
    }
};

}  // namespace exo
