// libos/alloc/operators.cpp - operator new and delete over the app's allocator.
#include <new>

#include "libos/alloc/allocator.hpp"
#include "libos/debug/assert.hpp"

namespace {

using libos::alignment_default;

void* get(std::size_t bytes, std::size_t alignment) {
    void* block = libos::allocator().alloc(bytes, alignment);
    if (block == nullptr) libos::panic("out of memory");
    return block;
}

}  // namespace

const std::nothrow_t std::nothrow{};

void* operator new(std::size_t bytes) { return get(bytes, alignment_default); }
void* operator new[](std::size_t bytes) { return get(bytes, alignment_default); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return get(bytes, std::size_t(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
    return get(bytes, std::size_t(alignment));
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return libos::allocator().alloc(bytes, alignment_default);
}
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
    return libos::allocator().alloc(bytes, alignment_default);
}
void operator delete(void* block) noexcept { libos::allocator().free(block); }
void operator delete[](void* block) noexcept { libos::allocator().free(block); }
void operator delete(void* block, std::size_t) noexcept { libos::allocator().free(block); }
void operator delete[](void* block, std::size_t) noexcept { libos::allocator().free(block); }
void operator delete(void* block, std::align_val_t) noexcept { libos::allocator().free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { libos::allocator().free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    libos::allocator().free(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
    libos::allocator().free(block);
}
