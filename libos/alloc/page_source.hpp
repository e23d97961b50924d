// libos/alloc/page_source.hpp - PageSource: where a heap gets memory from.
#pragma once

#include <cstddef>
#include <span>

namespace libos {

/// Where a heap gets memory from.
class PageSource {
public:
    /// At least `bytes` zeroed bytes, page-aligned, for good; empty when there are none.
    virtual std::span<std::byte> grow(std::size_t bytes) = 0;

protected:
    ~PageSource() = default;
};

}  // namespace libos
