// apps/shell/byte_queue.hpp - bytes in the order they came, as many as memory allows.
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <span>

namespace shell {

/// Input that has arrived and is not used yet.
class ByteQueue {
public:
    ByteQueue() = default;
    ByteQueue(const ByteQueue&) = delete;
    ByteQueue& operator=(const ByteQueue&) = delete;
    ~ByteQueue() { delete[] bytes_; }

    bool empty() const { return first_ == end_; }

    /// Takes the oldest byte. Needs: not empty.
    char pop() { return bytes_[first_++]; }

    /// Adds bytes; false, with nothing added, when there is no memory for them.
    bool push(std::span<const char> bytes) {
        if (bytes.size() > capacity_ - end_ && !make_room(bytes.size())) return false;
        std::memcpy(bytes_ + end_, bytes.data(), bytes.size());
        end_ += bytes.size();
        return true;
    }

    /// Drops everything up to and with the last `byte`; false if it is not there.
    bool drop_through_last(char byte) {
        for (auto i = end_; i > first_; --i) {
            if (bytes_[i - 1] == byte) {
                first_ = i;
                return true;
            }
        }
        return false;
    }

private:
    bool make_room(std::size_t more) {
        const auto used = end_ - first_;
        auto capacity = capacity_ < 256 ? std::size_t{256} : capacity_;
        while (capacity - used < more)
            capacity *= 2;
        char* target = bytes_;
        if (capacity != capacity_) {
            target = new (std::nothrow) char[capacity];
            if (target == nullptr) return false;
        }
        if (used != 0) std::memmove(target, bytes_ + first_, used);
        if (target != bytes_) {
            delete[] bytes_;
            bytes_ = target;
            capacity_ = capacity;
        }
        first_ = 0;
        end_ = used;
        return true;
    }

    char* bytes_ = nullptr;
    std::size_t capacity_ = 0;
    std::size_t first_ = 0;
    std::size_t end_ = 0;
};

}  // namespace shell
