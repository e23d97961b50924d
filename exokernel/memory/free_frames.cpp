// exokernel/memory/free_frames.cpp - splitting and coalescing blocks of free page frames.
#include "exokernel/memory/free_frames.hpp"

#include <bit>

#include "exokernel/core/panic.hpp"

namespace exo {

void FreeFrames::push(std::uint32_t frame, unsigned order) {
    FrameInfo& info = entries_[frame];
    info.state = FrameState::free_head;
    info.order = std::uint8_t(order);
    info.previous = 0;
    info.next = lists_[order];
    if (info.next != 0) entries_[info.next].previous = frame;
    lists_[order] = frame;
    ++blocks_[order];
    in_blocks_ += 1ULL << order;
}

void FreeFrames::remove(std::uint32_t frame) {
    FrameInfo& info = entries_[frame];
    if (info.previous != 0)
        entries_[info.previous].next = info.next;
    else
        lists_[info.order] = info.next;
    if (info.next != 0) entries_[info.next].previous = info.previous;
    --blocks_[info.order];
    in_blocks_ -= 1ULL << info.order;
    info.state = FrameState::free;
}

/// Frees an aligned block, merging it with its buddy as long as that is free too.
void FreeFrames::put_block(std::uint32_t frame, unsigned order) {
    for (; order < order_max; ++order) {
        const std::uint32_t buddy = frame ^ (1U << order);
        if (buddy >= entries_.size()) break;
        const FrameInfo& info = entries_[buddy];
        if (info.state != FrameState::free_head || info.order != order) break;
        remove(buddy);
        frame &= ~(1U << order);
    }
    push(frame, order);
}

/// Makes blocks of frames in state `free`: the largest aligned ones they hold, one by one.
void FreeFrames::put_blocks(std::uint32_t first, std::uint32_t count) {
    while (count != 0) {
        unsigned order = unsigned(std::countr_zero(first | (1U << order_max)));
        while ((1U << order) > count)
            --order;
        put_block(first, order);
        first += 1U << order;
        count -= 1U << order;
    }
}

/// Several frames, or one that finds the cache full and empties it.
void FreeFrames::put_slowly(std::uint32_t first, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i)
        entries_[first + i].state = FrameState::free;
    put_blocks(first, count);
    if (count == 1) drain(cache());
    look();
}

std::uint64_t FreeFrames::count() const {
    std::uint64_t count = in_blocks_;
    for (const Cache& each : caches_)
        count += each.used;
    return count;
}

void FreeFrames::drain(Cache& cache) {
    while (cache.used != 0)
        put_blocks(cache.frames[--cache.used], 1);
}

void FreeFrames::drain() {
    for (Cache& each : caches_)
        drain(each);
}

std::uint32_t FreeFrames::take_blocks(std::uint32_t count) {
    unsigned order = unsigned(std::bit_width(count - 1));
    while (order <= order_max && lists_[order] == 0)
        ++order;
    if (order > order_max) return 0;
    const std::uint32_t frame = lists_[order];
    remove(frame);
    put_blocks(frame + count, (1U << order) - count);
    return frame;
}

void FreeFrames::watch(std::uint64_t low, std::uint64_t high, void (*tell)()) {
    low_ = below_ = low;
    high_ = high;
    above_ = ~0ULL;
    tell_ = tell;
    look();
}

/// Whether the watch has to tell, or to begin again.
void FreeFrames::look() {
    if (tell_ == nullptr) return;
    const std::uint64_t now = count();
    if (now > above_) {
        above_ = ~0ULL;
        below_ = low_;
    }
    if (now >= below_) return;
    below_ = 0;
    above_ = high_;
    tell_();
}

/// One frame; those beside it go into this CPU's cache, if a block has as many.
std::uint32_t FreeFrames::fill_cache() {
    constexpr std::uint32_t taken = 1 << fill_order;
    const std::uint32_t first = take_blocks(taken);
    if (first == 0) return take_blocks(1);
    Cache& mine = cache();
    for (std::uint32_t i = taken - 1; i != 0; --i)
        mine.frames[mine.used++] = first + i;
    return first;
}

std::uint32_t FreeFrames::take_slowly(std::uint32_t count) {
    if (count - 1 >= 1U << order_max) return 0;
    std::uint32_t frame = count == 1 ? fill_cache() : take_blocks(count);
    if (frame == 0 && this->count() >= count) {
        drain();
        frame = take_blocks(count);
    }
    if (frame != 0) look();
    return frame;
}

/// The first frame of the block that a frame belongs to; 0 if it is in none.
std::uint32_t FreeFrames::block_of(std::uint32_t frame) const {
    for (unsigned order = 0; order <= order_max; ++order) {
        const std::uint32_t first = frame >> order << order;
        if (entries_[first].state == FrameState::free_head && entries_[first].order >= order)
            return first;
    }
    return 0;
}

bool FreeFrames::take_at(std::uint32_t first, std::uint32_t count) {
    const std::uint32_t end = first + count;
    for (std::uint32_t frame = first; frame != end; ++frame)
        if (const FrameState state = entries_[frame].state;
            state != FrameState::free && state != FrameState::free_head)
            return false;
    drain();
    for (std::uint32_t frame = first; frame < end;) {
        const std::uint32_t start = block_of(frame);
        LAMINA_ASSERT(start != 0);
        const std::uint32_t block_end = start + (1U << entries_[start].order);
        remove(start);
        if (start < first) put_blocks(start, first - start);
        if (block_end > end) put_blocks(end, block_end - end);
        frame = block_end;
    }
    look();
    return true;
}

bool FreeFrames::consistent() const {
    std::uint64_t found = 0;
    for (unsigned order = 0; order <= order_max; ++order) {
        std::uint32_t before = 0;
        std::uint32_t blocks = 0;
        for (std::uint32_t at = lists_[order]; at != 0; at = entries_[at].next) {
            const FrameInfo& info = entries_[at];
            if (info.state != FrameState::free_head || info.order != order) return false;
            if (info.previous != before || at % (1U << order) != 0) return false;
            found += 1U << order;
            before = at;
            ++blocks;
        }
        if (blocks != blocks_[order]) return false;
    }
    for (const Cache& each : caches_)
        found += each.used;
    return found == count();
}

}  // namespace exo
