// exokernel/memory/free_frames.hpp - FreeFrames: a buddy allocator of page frames, with caches.
#pragma once

#include <cstdint>
#include <span>

#include "arch/machine.hpp"
#include "exokernel/core/types.hpp"
#include "exokernel/memory/frame_info.hpp"

namespace exo {

/// The free frames form blocks of 2^order frames, aligned to their size and coalesced with their
/// buddy as soon as both are free. Up to cache_max single frames a CPU are kept out of the blocks,
/// so that taking and putting one touches nothing of other CPUs; an empty cache is filled from a
/// block. Those of all CPUs go back when no block is large enough, so none is hoarded while
/// somebody needs it. Frame 0 is never free.
class FreeFrames {
public:
    static constexpr unsigned order_max = 18;  ///< 1 GiB.
    static constexpr std::uint32_t cache_max = 63;
    /// Who finds the cache empty takes a block of this order, if there is one.
    static constexpr unsigned fill_order = 4;

    /// Works on `entries`, one per frame from 0 on, none free.
    void adopt(std::span<FrameInfo> entries) { entries_ = entries; }
    /// Cost: O(CPUs).
    std::uint64_t count() const;

    /// The first of `count` frames in a row, cut out of the smallest block that holds them (up to
    /// 1 << order_max); 0 if there is none. A single one comes from this CPU's cache, if it has.
    std::uint32_t take(std::uint32_t count) {
        std::uint32_t frame = 0;
        return count == 1 && take_cached(frame) ? frame : take_slowly(count);
    }
    /// Whether this CPU's cache has one; it is taken and becomes `frame`.
    bool take_cached(std::uint32_t& frame) {
        if (!see_cached(frame)) [[unlikely]]
            return false;
        take_seen();
        return true;
    }
    /// The same in two parts: which one it would be, and taking it.
    bool see_cached(std::uint32_t& frame) {
        const Cache& mine = cache();
        if (mine.used == 0) [[unlikely]]
            return false;
        frame = mine.frames[mine.used - 1];
        return true;
    }
    void take_seen() { --cache().used; }
    /// Takes just these frames, if all are free.
    bool take_at(std::uint32_t first, std::uint32_t count);
    /// Frees frames. A single one goes to this CPU's cache.
    void put(std::uint32_t first, std::uint32_t count) {
        if (count != 1 || !put_cached(first)) [[unlikely]]
            put_slowly(first, count);
    }
    /// Whether this CPU's cache has room for a frame; it is freed.
    bool put_cached(std::uint32_t frame) {
        Cache& mine = cache();
        if (mine.used == cache_max) [[unlikely]]
            return false;
        entries_[frame].state = FrameState::free;
        mine.frames[mine.used++] = frame;
        return true;
    }
    /// Empties all caches.
    void drain();

    /// Calls `tell` when fewer than `low` frames are free, now or later; again after more than
    /// `high` were. low 0: never. Single frames that go into a cache and out of it do not look, so
    /// it may be late by cache_max frames a CPU.
    void watch(std::uint64_t low, std::uint64_t high, void (*tell)());
    /// How many free blocks of 2^order frames there are, by order; what CPUs keep is not in them.
    std::span<const std::uint32_t, order_max + 1> blocks() const { return blocks_; }

    /// Whether lists and caches hold what they should. For tests: O(frames).
    bool consistent() const;

private:
    struct alignas(64) Cache {
        std::uint32_t used = 0;
        std::uint32_t frames[cache_max] = {};  ///< In state `free`, in no block.
    };
    static_assert(sizeof(Cache) == 256);  // found by a shift

    Cache& cache() { return caches_[arch::cpu_index()]; }
    std::uint32_t take_slowly(std::uint32_t count);
    std::uint32_t fill_cache();
    void put_slowly(std::uint32_t first, std::uint32_t count);
    void drain(Cache& cache);
    void look();
    void push(std::uint32_t frame, unsigned order);
    void remove(std::uint32_t frame);
    std::uint32_t take_blocks(std::uint32_t count);
    void put_blocks(std::uint32_t first, std::uint32_t count);
    void put_block(std::uint32_t frame, unsigned order);
    std::uint32_t block_of(std::uint32_t frame) const;

    std::span<FrameInfo> entries_;
    std::uint64_t in_blocks_ = 0;  ///< Frames.
    std::uint32_t lists_[order_max + 1] = {};
    // The watch: one of the bounds is in force, the other one out of reach.
    std::uint64_t below_ = 0;
    std::uint64_t above_ = ~0ULL;
    std::uint64_t low_ = 0;
    std::uint64_t high_ = 0;
    void (*tell_)() = nullptr;
    std::uint32_t blocks_[order_max + 1] = {};  ///< In each list.
    Cache caches_[cpus_max];
};

}  // namespace exo
