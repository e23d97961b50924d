// libos/alloc/allocator.hpp - Allocator: what every allocator of an app offers.
//
// An app picks one in its deps (//libos/alloc:first_fit, :bump); that target defines allocator()
// and the operators new and delete.
#pragma once

#include <cstddef>
#include <cstdint>

namespace libos {

struct AllocatorStatistics {
    std::uint64_t bytes_held;  ///< Taken from the account so far.
    std::uint64_t bytes_used;  ///< In blocks handed out, book-keeping included.
    std::uint64_t blocks;      ///< Handed out now.
};

class Allocator {
public:
    /// At least `bytes` bytes at a multiple of `alignment` (a power of two); null when memory or
    /// quota is used up. 0 bytes give a block of their own.
    virtual void* alloc(std::size_t bytes, std::size_t alignment) = 0;

    /// Gives a block back; null is allowed. Anything else that alloc did not return, or that was
    /// given back already, is a mistake of the app and asserts where it is seen.
    virtual void free(void* block) = 0;

    virtual AllocatorStatistics statistics() const = 0;

protected:
    ~Allocator() = default;
};

/// The alignment of blocks when nothing is said: enough for every scalar type.
inline constexpr std::size_t alignment_default = 16;

/// The app's allocator.
Allocator& allocator();

}  // namespace libos
