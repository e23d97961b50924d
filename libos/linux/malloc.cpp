// libos/linux/malloc.cpp - the malloc family of the C library over a libOS allocator.
//
// Linked before the C library it takes the place of the library's own. A block the program has:
//
//   | ... | Head | payload |        Head: where the allocator's block begins, bytes of the payload
//
// It is not for programs with several threads: the allocators are not.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "libos/alloc/allocator.hpp"
#include "libos/linux/errno.hpp"

// The C library's.
extern "C" int* __errno_location();

namespace {

using libos::linux_abi::Errno;

struct alignas(libos::alignment_default) Head {
    void* block;
    std::size_t bytes;
};

Head& head_of(void* payload) { return static_cast<Head*>(payload)[-1]; }

bool is_alignment(std::size_t alignment) {
    return alignment != 0 && (alignment & (alignment - 1)) == 0;
}

void* give_up() {
    *__errno_location() = int(Errno::enomem);
    return nullptr;
}

// Null if there is no memory; errno stays as it is.
void* get(std::size_t bytes, std::size_t alignment) {
    const auto before = std::max(alignment, sizeof(Head));
    std::size_t all = 0;
    if (__builtin_add_overflow(bytes, before, &all)) return nullptr;
    void* const block = libos::allocator().alloc(all, before);
    if (block == nullptr) return nullptr;
    void* const payload = static_cast<std::byte*>(block) + before;
    head_of(payload) = {block, bytes};
    return payload;
}

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) {
    void* const payload = get(bytes, libos::alignment_default);
    return payload != nullptr ? payload : give_up();
}

void free(void* payload) {
    if (payload != nullptr) libos::allocator().free(head_of(payload).block);
}

void* calloc(std::size_t count, std::size_t bytes) {
    std::size_t all = 0;
    if (__builtin_mul_overflow(count, bytes, &all)) return give_up();
    void* const payload = malloc(all);
    if (payload != nullptr) std::memset(payload, 0, all);
    return payload;
}

void* realloc(void* payload, std::size_t bytes) {
    if (payload == nullptr) return malloc(bytes);
    if (bytes == 0) {
        free(payload);
        return nullptr;
    }
    void* const moved = malloc(bytes);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, payload, std::min(bytes, head_of(payload).bytes));
    free(payload);
    return moved;
}

void* memalign(std::size_t alignment, std::size_t bytes) {
    if (!is_alignment(alignment)) {
        *__errno_location() = int(Errno::einval);
        return nullptr;
    }
    void* const payload = get(bytes, alignment);
    return payload != nullptr ? payload : give_up();
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }

// Returns the error; errno stays as it is.
int posix_memalign(void** payload, std::size_t alignment, std::size_t bytes) {
    if (!is_alignment(alignment) || alignment % sizeof(void*) != 0) return int(Errno::einval);
    void* const made = get(bytes, alignment);
    if (made == nullptr) return int(Errno::enomem);
    *payload = made;
    return 0;
}

void* valloc(std::size_t bytes) {
    constexpr std::size_t page = 4096;
    return memalign(page, bytes);
}

void* pvalloc(std::size_t bytes) {
    constexpr std::size_t page = 4096;
    return valloc((bytes + page - 1) / page * page);
}

std::size_t malloc_usable_size(void* payload) {
    return payload == nullptr ? 0 : head_of(payload).bytes;
}

}  // extern "C"
