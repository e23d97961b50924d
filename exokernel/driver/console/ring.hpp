// exokernel/driver/console/ring.hpp - ByteRing: a fixed queue of bytes.
#pragma once

#include <cstdint>

namespace exo {

/// First in, first out. `size` must be a power of two; head and tail run freely and wrap.
template <std::uint32_t size>
class ByteRing {
    static_assert((size & (size - 1)) == 0);

public:
    std::uint32_t used() const { return head_ - tail_; }
    std::uint32_t room() const { return size - used(); }
    /// Needs: room().
    void push(char byte) { bytes_[head_++ % size] = byte; }
    /// Needs: used().
    char pop() { return bytes_[tail_++ % size]; }

private:
    char bytes_[size] = {};
    std::uint32_t head_ = 0;
    std::uint32_t tail_ = 0;
};

}  // namespace exo
