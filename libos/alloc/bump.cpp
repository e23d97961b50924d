// libos/alloc/bump.cpp - a heap that only goes forward: each block behind the one before.
#include "libos/alloc/bump.hpp"

#include <algorithm>

#include "libos/debug/assert.hpp"

namespace libos {
namespace {

constexpr std::size_t bytes_max = std::size_t{1} << 46;
constexpr std::size_t region_bytes_min = 64 * 1024;

std::uintptr_t round_up(std::uintptr_t value, std::size_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace

void* Bump::alloc(std::size_t bytes, std::size_t alignment) {
    LAMINA_ASSERT(alignment != 0 && (alignment & (alignment - 1)) == 0);
    if (bytes > bytes_max || alignment > bytes_max) return nullptr;
    alignment = std::max(alignment, alignment_default);
    bytes = std::max<std::size_t>(bytes, 1);
    if (next_ == 0 || round_up(next_, alignment) + bytes > end_) {
        const auto region = source_.grow(std::max(bytes + alignment, region_bytes_min));
        if (region.empty()) return nullptr;
        statistics_.bytes_held += region.size();
        next_ = reinterpret_cast<std::uintptr_t>(region.data());
        end_ = next_ + region.size();
    }
    const auto block = round_up(next_, alignment);
    next_ = block + bytes;
    statistics_.bytes_used += bytes;
    ++statistics_.blocks;
    return reinterpret_cast<void*>(block);
}

void Bump::free(void* block) {
    if (block == nullptr) return;
    LAMINA_ASSERT(statistics_.blocks > 0);
    --statistics_.blocks;
}

}  // namespace libos
