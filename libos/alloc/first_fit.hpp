// libos/alloc/first_fit.hpp - a heap with boundary tags, first fit, neighbours merged at once.
//
// A region (what grow() gave) is a row of blocks without gaps, closed by an end marker:
//
//   | header payload | header payload | ... | header (end marker, 0 bytes) |
//
// header: bytes of the block before (0: first of its region), bytes of this block and whether it is
// used. A free block's payload holds its links in the free list. Two free blocks are never
// neighbours; every free block is in the list, no used one is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/alloc/allocator.hpp"
#include "libos/alloc/page_source.hpp"

namespace libos {

/// Pure logic over a PageSource. Not for use by two threads at once. Cost: linear in the free
/// blocks for alloc, constant for free.
class FirstFit final : public Allocator {
public:
    constexpr explicit FirstFit(PageSource& source) : source_(source) {}

    void* alloc(std::size_t bytes, std::size_t alignment) override;
    void free(void* block) override;
    AllocatorStatistics statistics() const override { return statistics_; }

    /// Whether blocks, tags and free list agree in the region that begins at `region`.
    bool sound(std::span<const std::byte> region) const;

private:
    struct Block;

    Block* find(std::size_t bytes, std::size_t alignment) const;
    bool add_region(std::size_t bytes);
    Block* align(Block* block, std::size_t alignment);
    void split(Block* block, std::size_t bytes);
    void link(Block* block);
    void unlink(Block* block);

    PageSource& source_;
    Block* free_ = nullptr;
    AllocatorStatistics statistics_ = {};
};

}  // namespace libos
