// exokernel/arch/x86_64/freestanding.cpp - the functions the compiler may call without being asked.
#include <cstddef>
#include <cstdint>

#include "exokernel/core/after_init.hpp"
#include "exokernel/core/panic.hpp"

// Named in the assembly these functions must not call themselves, so the loops are `rep` strings,
// which need no SSE. Source: GCC manual, "Standards", freestanding; Intel SDM vol. 2B, REP.
extern "C" {

void* memcpy(void* to, const void* from, std::size_t bytes) {
    void* result = to;
    std::size_t words = bytes / 8;
    bytes %= 8;
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return result;
}

void* memmove(void* to, const void* from, std::size_t bytes) {
    auto* target = static_cast<char*>(to);
    const auto* source = static_cast<const char*>(from);
    if (target <= source || target >= source + bytes) return memcpy(to, from, bytes);
    target += bytes - 1;
    source += bytes - 1;
    asm volatile("std; rep movsb; cld" : "+D"(target), "+S"(source), "+c"(bytes) : : "memory");
    return to;
}

void* memset(void* to, int value, std::size_t bytes) {
    void* result = to;
    std::size_t words = bytes / 8;
    bytes %= 8;
    const std::uint64_t pattern = (value & 0xff) * 0x0101'0101'0101'0101ULL;
    asm volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    asm volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(pattern) : "memory");
    return result;
}

int memcmp(const void* left, const void* right, std::size_t bytes) {
    const auto* a = static_cast<const unsigned char*>(left);
    const auto* b = static_cast<const unsigned char*>(right);
    for (std::size_t i = 0; i < bytes; ++i) {
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
        asm volatile("" : : : "memory");
    }
    return 0;
}

const void* memchr(const void* bytes, int value, std::size_t count) {
    const auto* here = static_cast<const unsigned char*>(bytes);
    for (std::size_t i = 0; i < count; ++i)
        if (here[i] == static_cast<unsigned char>(value)) return here + i;
    return nullptr;
}

std::size_t strlen(const char* text) {
    return std::size_t(static_cast<const char*>(memchr(text, 0, ~0UL)) - text);
}

// The canary is set from the time stamp counter before any C++ runs (arch/x86_64/start.S).
LAMINA_AFTER_INIT std::uintptr_t __stack_chk_guard;
[[noreturn]] void __stack_chk_fail() { exo::panic("stack canary overwritten"); }

}  // extern "C"

namespace std {
// What libstdc++'s headers call where a hosted program would throw.
void __throw_out_of_range_fmt(const char* what, ...) { exo::panic(what); }
}  // namespace std
