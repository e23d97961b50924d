// exokernel/memory/frame_table.hpp - FrameTable: who owns each page frame, and a buddy allocator.
#pragma once

#include <cstdint>
#include <span>

#include "exokernel/core/panic.hpp"
#include "exokernel/core/types.hpp"
#include "exokernel/memory/account.hpp"
#include "lamina/result.hpp"

namespace exo {

enum class FrameState : std::uint8_t {
    reserved = 0,  ///< Not memory, or the firmware's or the kernel image's: never handed out.
    free,          ///< Belongs to a free block.
    free_head,     ///< First frame of a free block of 2^order frames; linked.
    object,        ///< A kernel object.
    capabilities,  ///< A page of a capability table.
    table,         ///< A page table.
    mappings,      ///< Links of the pages that half a page table maps (address_space.hpp).
    run_head,      ///< First frame of a run that Frames capabilities and mappings refer to.
    run_tail,      ///< Another frame of it.
};

/// One entry a frame. Which fields mean something depends on the state; those of Object, for
/// run_head only: capabilities, mapped pages and the areas of vCPUs refer to a run.
struct FrameInfo : Object {
    FrameState state = FrameState::reserved;
    std::uint8_t order = 0;      ///< free_head.
    std::uint32_t extent = 0;    ///< run_head: frames in the run. run_tail: distance to the head.
    std::uint32_t next = 0;      ///< free_head: the next one of its order; 0 ends the list.
    std::uint32_t previous = 0;  ///< free_head: the one before; 0 for the first.
    /// table of level 1: the frames of links of each half, 0 for none. mappings: the frame of the
    /// table, and the first address they are for / 1 MiB.
    std::uint32_t links[2] = {};
    Account* account = nullptr;  ///< object, table, run_head and the like: who pays.
    void* owner = nullptr;       ///< capabilities: the CapTable. mappings: the AddressSpace.
};

/// Counts of frames by use; their sum is `total`.
struct FrameCounts {
    std::uint64_t total = 0;
    std::uint64_t free = 0;
    std::uint64_t objects = 0;
    std::uint64_t tables = 0;
    std::uint64_t user = 0;
};

/// Every page frame of the machine. Free frames form blocks of 2^order frames, aligned to their
/// size and coalesced with their buddy as soon as both are free. Up to cache_max single frames are
/// kept out of the blocks, so that allocating and freeing one does not split and coalesce each
/// time; they go back when no block is large enough. Frame 0 is never handed out.
class FrameTable {
public:
    static constexpr unsigned order_max = 18;  ///< 1 GiB.
    static constexpr std::uint32_t cache_max = 64;

    /// Takes over `entries`, one per frame from 0 on, all reserved. Must outlive the table.
    void adopt(std::span<FrameInfo> entries) { entries_ = entries; }
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
        if (count > counts_.free) return lamina::fail(lamina::Status::out_of_frames);
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

    /// A zeroed run with one reference, the caller's. Errors as above.
    Result<FrameNumber> alloc_run(std::uint32_t count, Account& account);
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
        if (--run.references == 0) free_run(run);
    }
    /// A capability for `count` frames of one run, from `first` on.
    Capability capability(FrameNumber first, std::uint32_t count, Rights rights) {
        Capability made;
        made.type = ObjectType::frames;
        made.rights = rights;
        made.object = &run_of(first);
        made.first = first.value;
        made.count = count;
        return made;
    }
    /// Gives a run back. Needs: nothing refers to it.
    void free_run(FrameInfo& run);

    /// Gives the frames kept for single allocations back to the blocks they came from.
    void drain_cache();

    /// The kernel's address of a frame.
    static void* contents(FrameNumber frame);
    /// The frame that an address given by contents() lies in.
    static FrameNumber frame_at(const void* address);

    const FrameInfo& info(FrameNumber frame) const { return entries_[frame.value]; }
    /// For those who keep something of their own there (links, owner).
    FrameInfo& info(FrameNumber frame) { return entries_[frame.value]; }
    std::uint32_t size() const { return std::uint32_t(entries_.size()); }
    const FrameCounts& counts() const { return counts_; }

    /// Walks the table and the free lists and compares them with the counts. For tests: O(frames).
    bool consistent() const;

private:
    void push(std::uint32_t frame, unsigned order);
    void remove(std::uint32_t frame);
    std::uint32_t take(std::uint32_t count);
    std::uint32_t take_blocks(std::uint32_t count);
    void put(std::uint32_t first, std::uint32_t count);
    void put_blocks(std::uint32_t first, std::uint32_t count);
    void put_block(std::uint32_t frame, unsigned order);
    void make_run(std::uint32_t first, std::uint32_t count, Account& account);
    std::uint64_t& count_of(FrameState use);

    std::span<FrameInfo> entries_;
    std::uint32_t lists_[order_max + 1] = {};
    FrameCounts counts_;
    std::uint32_t cached_ = 0;
    std::uint32_t cache_[cache_max] = {};  ///< Frames in state `free` that are in no block.
};

/// What frees an account when the last frame charged to it was the last reference; set at boot.
void set_account_destroyer(void (*destroy)(Object& account));

/// The machine's frame table.
extern FrameTable frames;

}  // namespace exo
