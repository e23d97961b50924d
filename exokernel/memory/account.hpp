// exokernel/memory/account.hpp - Account: a quota of page frames, cut out of its parent's.
#pragma once

#include <algorithm>
#include <cstdint>

#include "exokernel/cap/capability.hpp"
#include "lamina/result.hpp"

namespace exo {

struct FrameInfo;
struct Notification;

/// It lives while a capability refers to it or anything is charged to it.
/// At every moment used <= limit, and `used` is the sum of the frames charged here and the limits
/// of the accounts made from this one. So charging looks at one account only.
///
/// It may owe frames to its parent. While it does, its quota is as large as what is in use, and
/// what is refunded leaves it. Both counts have the bit `owing` set then, which changes no
/// difference between them and makes one comparison tell refund() that there is more to do.
struct Account : Object {
    /// Most accounts above one: the end of the last of a chain may be the end of them all.
    static constexpr std::uint32_t depth_max = 64;

    Account* parent = nullptr;
    std::uint64_t limit = 0;  ///< Of these two only the difference may be used, and the functions.
    std::uint64_t used = 0;
    std::uint32_t depth = 0;  ///< How many accounts are above it.
    /// The environment that may charge it in its CPU's own section: the first of those that it pays
    /// for. What others allocate from it is shared from the start.
    const Object* spender = nullptr;

    // What it was asked to give back (docs/memory-pressure.md).
    std::uint64_t owed = 0;
    std::uint64_t deadline_ns = 0;
    Notification* told = nullptr;  ///< Signalled when nothing is owed any more; may be null.
    std::uint64_t told_bits = 0;
    // While that is taken by force:
    bool collected = false;
    std::uint8_t pass = 0;        ///< Of the search for runs.
    FrameInfo* taking = nullptr;  ///< A run on its way out, by a reference; may be null.

    // Of CPU time (docs/processor-time.md), this account's and that of those made from it: what
    // has no bound of its own is bound by those above.
    std::uint32_t slices_used = 0;
    std::uint32_t slices_max = 0;
    bool bounds_slices = false;
    bool bounds_time = false;
    std::uint64_t time_left_ns = 0;
    Notification* time_told = nullptr;  ///< Signalled when no time is left, by a reference.
    std::uint64_t time_bits = 0;

    bool owes() const { return owed != 0; }
    std::uint64_t limit_frames() const { return limit & ~owing; }
    std::uint64_t used_frames() const { return used & ~owing; }

    /// Takes `frames` out of the quota. Errors: quota_exceeded, and nothing is taken.
    lamina::Result<void> charge(std::uint64_t frames) {
        if (frames > limit - used) return lamina::fail(lamina::Status::quota_exceeded);
        used += frames;
        return {};
    }
    /// Gives them back. Whether there is more to do: frames are owed, or no frame is used and
    /// nobody may need the account any more (settle_account).
    [[nodiscard]] bool refund(std::uint64_t frames) {
        const auto left = std::int64_t(used) - std::int64_t(frames);
        used = std::uint64_t(left);
        return left <= 0;
    }

    /// Whether refund() of one frame will say so.
    bool settles_next() const { return std::int64_t(used) <= 1; }

    /// Whether it may have one slice more. Cost: O(depth).
    bool has_slice() const {
        for (const Account* at = this; at != nullptr; at = at->parent)
            if (at->bounds_slices && at->slices_used >= at->slices_max) return false;
        return true;
    }
    /// The CPU time that may still be used; all ones: without bound. Cost: O(depth).
    std::uint64_t time_left() const {
        std::uint64_t left = ~0ULL;
        for (const Account* at = this; at != nullptr; at = at->parent)
            if (at->bounds_time) left = std::min(left, at->time_left_ns);
        return left;
    }

    /// Asks for `frames` of its quota. Returns how many of them it has free, which leave it at
    /// once; the rest is owed. Needs: nothing is owed, frames <= limit.
    [[nodiscard]] std::uint64_t ask(std::uint64_t frames) {
        const std::uint64_t free = std::min(frames, limit - used);
        limit -= free;
        owed = frames - free;
        if (owes()) {
            limit |= owing;
            used |= owing;
        }
        return free;
    }
    /// What of the frames refunded meanwhile is the parent's: they leave the account.
    [[nodiscard]] std::uint64_t pay() {
        const std::uint64_t paid = std::min(owed, limit - used);
        limit -= paid;
        owed -= paid;
        if (!owes()) {
            limit &= ~owing;
            used &= ~owing;
        }
        return paid;
    }

private:
    static constexpr std::uint64_t owing = 1ULL << 63;
};

/// After Account::refund() has said that there is more to do: what came back goes to the accounts
/// that it is owed to, who waits for the last of it is told, and an account that nobody needs any
/// more is freed. In env/objects.cpp; host tests of memory have their own.
void settle_account(Account& account);

}  // namespace exo
