// tests/sim/lines/recorder.cpp - what the thread sanitizer's instrumentation calls, here to record.
//
// The interface is that of GCC 12, libsanitizer/tsan/tsan_interface.h and tsan_interface_atomic.h.
// This file is compiled without the instrumentation.
#include "tests/sim/lines/recorder.hpp"

#include <atomic>
#include <cstddef>

namespace lines {
namespace {

constexpr std::uintptr_t line_bytes = 64;
/// Kernel and test together need far less.
constexpr std::uintptr_t stack_bytes = 256 * 1024;

/// A list without templates: those of the rest of the program are instrumented.
struct List {
    std::uintptr_t lines[100'000];
    std::size_t count;
};

bool recording = false;
std::uintptr_t stack = 0;  ///< An address in the frame of begin().
List lines_read;
List lines_written;

void note(const volatile void* at, std::size_t bytes, List& list) {
    if (!recording) return;
    const auto address = reinterpret_cast<std::uintptr_t>(at);
    if (address - (stack - stack_bytes) < 2 * stack_bytes) return;
    for (auto line = address / line_bytes; line <= (address + bytes - 1) / line_bytes; ++line)
        if (list.count != sizeof list.lines / sizeof list.lines[0])
            list.lines[list.count++] = line;
        else
            __builtin_trap();
}
void read(const volatile void* at, std::size_t bytes) { note(at, bytes, lines_read); }
void write(const volatile void* at, std::size_t bytes) { note(at, bytes, lines_written); }

}  // namespace

void begin() {
    lines_read.count = lines_written.count = 0;
    stack = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    recording = true;
}

Lines end() {
    recording = false;
    return {{lines_read.lines, lines_read.lines + lines_read.count},
            {lines_written.lines, lines_written.lines + lines_written.count}};
}

}  // namespace lines

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_read(void** at) { lines::read(at, sizeof *at); }
void __tsan_vptr_update(void** at, void*) { lines::write(at, sizeof *at); }
void __tsan_read_range(void* at, std::size_t bytes) { lines::read(at, bytes); }
void __tsan_write_range(void* at, std::size_t bytes) { lines::write(at, bytes); }
void __tsan_atomic_thread_fence(int) {}
void __tsan_atomic_signal_fence(int) {}

#define LAMINA_ACCESS(bytes)                                                \
    void __tsan_read##bytes(void* at) { lines::read(at, bytes); }           \
    void __tsan_write##bytes(void* at) { lines::write(at, bytes); }         \
    void __tsan_unaligned_read##bytes(void* at) { lines::read(at, bytes); } \
    void __tsan_unaligned_write##bytes(void* at) { lines::write(at, bytes); }
LAMINA_ACCESS(1)
LAMINA_ACCESS(2)
LAMINA_ACCESS(4)
LAMINA_ACCESS(8)
LAMINA_ACCESS(16)
#undef LAMINA_ACCESS

#define LAMINA_CHANGE(bits, type, name, operation)                          \
    type __tsan_atomic##bits##_##name(volatile type* at, type value, int) { \
        lines::write(at, sizeof value);                                     \
        return operation(at, value, __ATOMIC_SEQ_CST);                      \
    }
#define LAMINA_COMPARE(bits, type, name)                                                        \
    int __tsan_atomic##bits##_##name(volatile type* at, type* expected, type value, int, int) { \
        lines::write(at, sizeof value);                                                         \
        return __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST,        \
                                           __ATOMIC_SEQ_CST);                                   \
    }
#define LAMINA_ATOMIC(bits, type)                                          \
    type __tsan_atomic##bits##_load(const volatile type* at, int) {        \
        lines::read(at, sizeof *at);                                       \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                      \
    }                                                                      \
    void __tsan_atomic##bits##_store(volatile type* at, type value, int) { \
        lines::write(at, sizeof value);                                    \
        __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                     \
    }                                                                      \
    LAMINA_CHANGE(bits, type, exchange, __atomic_exchange_n)               \
    LAMINA_CHANGE(bits, type, fetch_add, __atomic_fetch_add)               \
    LAMINA_CHANGE(bits, type, fetch_sub, __atomic_fetch_sub)               \
    LAMINA_CHANGE(bits, type, fetch_and, __atomic_fetch_and)               \
    LAMINA_CHANGE(bits, type, fetch_or, __atomic_fetch_or)                 \
    LAMINA_CHANGE(bits, type, fetch_xor, __atomic_fetch_xor)               \
    LAMINA_COMPARE(bits, type, compare_exchange_strong)                    \
    LAMINA_COMPARE(bits, type, compare_exchange_weak)
LAMINA_ATOMIC(8, std::uint8_t)
LAMINA_ATOMIC(16, std::uint16_t)
LAMINA_ATOMIC(32, std::uint32_t)
LAMINA_ATOMIC(64, std::uint64_t)
#undef LAMINA_ATOMIC
#undef LAMINA_COMPARE
#undef LAMINA_CHANGE
}
