// include/lamina/exceptions.hpp - the names of the processor's exceptions, for reports to people.
#pragma once

#include <cstdint>

namespace lamina {

inline constexpr std::uint32_t exception_count = 32;

/// The name of an exception vector (Intel SDM vol. 3A, table 6-1; AMD APM vol. 2, 8.1), in lower
/// case; "interrupt" for the vectors above.
constexpr const char* exception_name(std::uint64_t vector) {
    constexpr const char* names[exception_count] = {
        "divide error",                    // 0
        "debug exception",                 // 1
        "non-maskable interrupt",          // 2
        "breakpoint",                      // 3
        "overflow",                        // 4
        "bound range exceeded",            // 5
        "invalid opcode",                  // 6
        "device not available",            // 7
        "double fault",                    // 8
        "coprocessor segment overrun",     // 9
        "invalid task state segment",      // 10
        "segment not present",             // 11
        "stack fault",                     // 12
        "general protection fault",        // 13
        "page fault",                      // 14
        "reserved exception 15",           // 15
        "x87 floating-point error",        // 16
        "alignment check",                 // 17
        "machine check",                   // 18
        "SIMD floating-point error",       // 19
        "virtualization exception",        // 20
        "control protection exception",    // 21
        "reserved exception 22",           // 22
        "reserved exception 23",           // 23
        "reserved exception 24",           // 24
        "reserved exception 25",           // 25
        "reserved exception 26",           // 26
        "reserved exception 27",           // 27
        "hypervisor injection exception",  // 28
        "VMM communication exception",     // 29
        "security exception",              // 30
        "reserved exception 31",           // 31
    };
    return vector < exception_count ? names[vector] : "interrupt";
}

}  // namespace lamina
