// libos/alloc/bump.hpp - a heap that only goes forward: each block behind the one before.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libos/alloc/allocator.hpp"
#include "libos/alloc/page_source.hpp"

namespace libos {

/// Pure logic over a PageSource. No block is used again, so that nothing need be kept about it; for
/// apps that end before that matters. statistics().bytes_used therefore never falls. Not for use by
/// two threads at once. Cost: constant.
class Bump final : public Allocator {
public:
    constexpr explicit Bump(PageSource& source) : source_(source) {}

    void* alloc(std::size_t bytes, std::size_t alignment) override;
    void free(void* block) override;
    AllocatorStatistics statistics() const override { return statistics_; }

private:
    PageSource& source_;
    std::uintptr_t next_ = 0;
    std::uintptr_t end_ = 0;
    AllocatorStatistics statistics_ = {};
};

}  // namespace libos
