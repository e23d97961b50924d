// exokernel/memory/frame_table.hpp - FrameTable: who owns each page frame, and runs of them.
#pragma once

#include <cstdint>
#include <span>

#include "arch/machine.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/core/types.hpp"
#include "exokernel/memory/free_frames.hpp"
#include "lamina/result.hpp"

namespace exo {

/// Counts of frames by use; their sum is `total`.
struct FrameCounts {
    std::uint64_t total = 0;
    std::uint64_t free = 0;
    std::uint64_t objects = 0;
    std::uint64_t tables = 0;
    std::uint64_t user = 0;
};

/// Every page frame of the machine: reserved, free, one of the kernel's own, or in a run. A run is
/// an object: capabilities, mapped pages and areas of vCPUs count references to it, and those that
/// were derived from no other are in its ring of roots, so that all of them can be found. Its
/// frames are free when the last reference is gone.
class FrameTable {
public:
    /// Takes over `entries`, one per frame from 0 on, all reserved. Must outlive the table.
    void adopt(std::span<FrameInfo> entries) {
        entries_ = entries;
        free_.adopt(entries);
    }
    /// Makes reserved frames [first, first + count) free. Boot only.
    void add_free(FrameNumber first, std::uint32_t count);
    /// Makes reserved frames a run with one reference, charged to `account`: memory that was filled
    /// before the table was there, such as the boot archive. Boot only.
    void add_run(FrameNumber first, std::uint32_t count, Account& account);

    /// A zeroed frame for a kernel object or page table, charged to `account` (null: to nobody).
    /// Errors: quota_exceeded, out_of_frames; nothing changes.
    Result<FrameNumber> alloc(FrameState use, Account* account);
    /// Whether `count` calls of get() would succeed. Errors: quota_exceeded, out_of_frames.
    Result<void> check(std::uint32_t count, const Account& account) const {
        if (count > account.limit - account.used)
            return lamina::fail(lamina::Status::quota_exceeded);
        if (count > free_.count()) return lamina::fail(lamina::Status::out_of_frames);
        return {};
    }
    /// As alloc(). Needs: check() said so.
    FrameNumber get(FrameState use, Account& account) {
        const auto frame = alloc(use, &account);
        LAMINA_ASSERT(frame.has_value());
        return *frame;
    }
    /// Gives a frame of alloc() back.
    void free(FrameNumber frame);

    /// Whether the account's quota and this CPU's cache have a frame for a zeroed run of one, with
    /// one reference, the caller's; it becomes `frame`. If not, reserve_run() knows more. Cost:
    /// some thirty instructions and the zeroing.
    [[gnu::always_inline]] bool alloc_cached(Account& account, FrameNumber& frame) {
        if (account.used == account.limit || !free_.see_cached(frame.value)) [[unlikely]]
            return false;
        arch::clear_page(contents(frame));
        free_.take_seen();
        ++account.used;
        make_head(entries_[frame.value], 1, account);
        return true;
    }
    /// The other way: whether the only reference to a run could go at once. It has one frame, this
    /// CPU's cache has room, and its account has nothing to settle.
    [[gnu::always_inline]] bool free_cached(FrameInfo& run) {
        if (run.extent != 1 || run.account->settles_next()) [[unlikely]]
            return false;
        if (!free_.put_cached(number_of(run).value)) [[unlikely]]
            return false;
        --run.account->used;
        return true;
    }
    /// A run with one reference, the caller's, whose frames zero() must fill. `first`: its first
    /// frame, 0 for any. Errors: quota_exceeded, out_of_frames, not_free; nothing changes.
    Result<FrameInfo*> reserve_run(FrameNumber first, std::uint32_t count, Account& account);
    /// Zeroes frames [from, from + count) of a run.
    void zero(FrameInfo& run, std::uint32_t from, std::uint32_t count);
    /// Both in one, for a run of a bounded length anywhere.
    Result<FrameNumber> alloc_run(std::uint32_t count, Account& account) {
        LAMINA_TRY(FrameInfo* const run, reserve_run({0}, count, account));
        zero(*run, 0, count);
        return number_of(*run);
    }

    /// The entry of the run that a frame is in: that of its first frame.
    FrameInfo& run_of(FrameNumber frame) {
        FrameInfo* info = &entries_[frame.value];
        if (info->state == FrameState::run_tail) info -= info->extent;
        LAMINA_ASSERT(info->state == FrameState::run_head);
        return *info;
    }
    /// One reference more, or one fewer, to the run `frame` is in; the last one frees it.
    void acquire(FrameNumber frame) { ++run_of(frame).references; }
    void release(FrameNumber frame) {
        FrameInfo& run = run_of(frame);
        if (--run.references == 0) [[unlikely]]
            free_unmapped(run);
    }
    /// A capability for `count` frames of one run, from `first` on.
    Capability capability(FrameNumber first, std::uint32_t count, Rights rights) {
        return frames_capability(run_of(first), rights, first.value, count);
    }
    /// Gives a run back. Needs: nothing refers to it. Cost: O(frames) without touching them.
    [[gnu::always_inline]] void free_run(FrameInfo& run) {
        LAMINA_ASSERT(run.state == FrameState::run_head && run.roots.alone());
        const std::uint32_t count = run.extent;
        Account* const account = run.account;
        free_.put(number_of(run).value, count);
        if (account->refund(count)) [[unlikely]]
            settle_account(*account);
    }
    /// Makes the frames from `count` on a run of their own, with one reference, the caller's.
    /// Needs: one reference, 0 < count < extent. Cost: O(frames) of the new one.
    FrameInfo& split_run(FrameInfo& run, std::uint32_t count);
    /// Frees the frames from `count` on. Needs: nothing refers to them, 0 < count < extent. Cost:
    /// O(frames) of them without touching them.
    void cut_run(FrameInfo& run, std::uint32_t count);
    /// Makes `next` part of `run`. Needs: it follows it, one reference each, the same account; the
    /// one to `next` is gone after. Cost: O(frames) of `next`.
    void merge_runs(FrameInfo& run, FrameInfo& next);

    /// The kernel's address of a frame.
    static void* contents(FrameNumber frame);
    /// The frame that an address given by contents() lies in.
    static FrameNumber frame_at(const void* address);

    /// For those who keep something of their own there (links, owner).
    FrameInfo& info(FrameNumber frame) { return entries_[frame.value]; }
    FrameNumber number_of(const FrameInfo& info) const {
        return {std::uint32_t(&info - entries_.data())};
    }
    std::uint32_t size() const { return std::uint32_t(entries_.size()); }
    FreeFrames& free_frames() { return free_; }
    FrameCounts counts() const {
        return {total_, free_.count(), objects_, tables_,
                total_ - free_.count() - objects_ - tables_};
    }

    /// Walks the table and the free lists and compares them with the counts. For tests: O(frames).
    bool consistent() const;

private:
    /// Makes a frame that belongs to nobody the head of a run with one reference.
    static void make_head(FrameInfo& head, std::uint32_t count, Account& account) {
        static_cast<Object&>(head) = {ObjectType::frames, 0, 1};
        head.state = FrameState::run_head;
        head.extent = count;
        head.account = &account;
        head.roots.close();
    }
    static void refund(Account* account, std::uint32_t count);
    LAMINA_KEEPS_REGISTERS void free_unmapped(FrameInfo& run) { free_run(run); }
    std::uint64_t& count_of(FrameState use) {
        return use <= FrameState::capabilities ? objects_ : tables_;
    }
    void make_tails(std::uint32_t head, std::uint32_t from, std::uint32_t count);

    std::span<FrameInfo> entries_;
    FreeFrames free_;
    std::uint64_t total_ = 0;
    std::uint64_t objects_ = 0;
    std::uint64_t tables_ = 0;
};

/// The capability that a new run is given by.
inline Capability whole_run(FrameInfo& run, FrameNumber first, std::uint32_t count) {
    constexpr Rights rights = Rights::read | Rights::write | Rights::execute | Rights::copy;
    return frames_capability(run, rights, first.value, count);
}

/// The machine's frame table.
extern FrameTable frames;

inline Capability whole_run(FrameInfo& run) {
    return whole_run(run, frames.number_of(run), run.extent);
}

}  // namespace exo
