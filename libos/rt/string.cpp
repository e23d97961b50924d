// libos/rt/string.cpp - the memory functions that compilers call by name, and strlen.
#include <cstddef>
#include <cstdint>

// Without this the compiler would turn the loops below into calls of the functions they are in.
#if defined(__clang__)
#define LAMINA_NO_BUILTIN [[clang::no_builtin]]
#else
#define LAMINA_NO_BUILTIN [[gnu::optimize("no-tree-loop-distribute-patterns")]]
#endif

extern "C" {

LAMINA_NO_BUILTIN void* memcpy(void* __restrict to, const void* __restrict from,
                               std::size_t bytes) {
    void* start = to;
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return start;
}

LAMINA_NO_BUILTIN void* memmove(void* to, const void* from, std::size_t bytes) {
    auto* target = static_cast<unsigned char*>(to);
    const auto* source = static_cast<const unsigned char*>(from);
    if (std::uintptr_t(target) - std::uintptr_t(source) >= bytes) {
        void* start = to;
        asm volatile("rep movsb" : "+D"(start), "+S"(from), "+c"(bytes) : : "memory");
        return to;
    }
    while (bytes-- != 0)
        target[bytes] = source[bytes];
    return to;
}

LAMINA_NO_BUILTIN void* memset(void* to, int value, std::size_t bytes) {
    void* start = to;
    asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
    return start;
}

LAMINA_NO_BUILTIN int memcmp(const void* a, const void* b, std::size_t bytes) {
    const auto* left = static_cast<const unsigned char*>(a);
    const auto* right = static_cast<const unsigned char*>(b);
    for (std::size_t i = 0; i < bytes; ++i) {
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}

LAMINA_NO_BUILTIN int strcmp(const char* a, const char* b) {
    while (*a != '\0' && *a == *b) {
        ++a;
        ++b;
    }
    return static_cast<unsigned char>(*a) - static_cast<unsigned char>(*b);
}

LAMINA_NO_BUILTIN std::size_t strlen(const char* text) {
    std::size_t length = 0;
    while (text[length] != '\0')
        ++length;
    return length;
}

LAMINA_NO_BUILTIN void* memchr(const void* where, int value, std::size_t bytes) {
    const auto* byte = static_cast<const unsigned char*>(where);
    for (; bytes != 0; --bytes, ++byte) {
        if (*byte == static_cast<unsigned char>(value)) return const_cast<unsigned char*>(byte);
    }
    return nullptr;
}

}  // extern "C"
