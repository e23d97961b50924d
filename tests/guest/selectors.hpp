// tests/guest/selectors.hpp - the data segment selectors, which tell of others if they are left.
#pragma once

#include <cstdint>

namespace guest {

/// All four, or-ed.
inline std::uint64_t selectors() {
    std::uint64_t ds;
    std::uint64_t es;
    std::uint64_t fs;
    std::uint64_t gs;
    asm volatile("mov %%ds, %0\n mov %%es, %1\n mov %%fs, %2\n mov %%gs, %3"
                 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    return (ds | es | fs | gs) & 0xffff;
}

/// Makes all of them the selector of user data; FS and GS base stay.
inline void set_selectors() {
    constexpr std::uint64_t user_data = 0x1b;
    std::uint64_t fs;
    std::uint64_t gs;
    asm volatile(
        "rdfsbase %0\n rdgsbase %1\n"
        "mov %2, %%ds\n mov %2, %%es\n mov %2, %%fs\n mov %2, %%gs\n"
        "wrfsbase %0\n wrgsbase %1"
        : "=&r"(fs), "=&r"(gs)
        : "r"(user_data));
}

}  // namespace guest
