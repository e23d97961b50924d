// tests/ring3/sharer.cpp - an app that looks at the registers it starts with, fills them with its
// own contents, or raises an exception, as its arguments say.
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "libos/rt/app.hpp"
#include "libos/sys/handles.hpp"

namespace {

constexpr std::uint16_t user_data = 0x1b;
constexpr std::uint32_t mxcsr_initial = 0x1f80;
constexpr std::uint16_t x87_control_initial = 0x037f;
constexpr std::uint64_t unmapped = 0x5800'0000'0000;
// In the direct map (docs/memory-layout.md): memory that is there on every machine.
constexpr std::uint64_t kernel_memory = 0xffff'8000'0010'0000;

struct alignas(32) Vectors {
    std::uint64_t words[16][4];
};

// The library OS uses no vector register, so what the kernel loaded is still there.
void store(Vectors& to) {
#define STORE(n) asm volatile("vmovdqu %%ymm" #n ", %0" : "=m"(to.words[n]));
    STORE(0)
    STORE(1)
    STORE(2)
    STORE(3)
    STORE(4) STORE(5) STORE(6) STORE(7) STORE(8) STORE(9) STORE(10) STORE(11) STORE(12) STORE(13)
        STORE(14) STORE(15)
#undef STORE
}

void load(const Vectors& from) {
#define LOAD(n) asm volatile("vmovdqu %0, %%ymm" #n : : "m"(from.words[n]));
    LOAD(0)
    LOAD(1)
    LOAD(2)
    LOAD(3)
    LOAD(4) LOAD(5) LOAD(6) LOAD(7) LOAD(8) LOAD(9) LOAD(10) LOAD(11) LOAD(12) LOAD(13) LOAD(14)
        LOAD(15)
#undef LOAD
}

constinit Vectors mine = {};
constinit Vectors seen = {};

std::uint32_t mxcsr() {
    std::uint32_t value;
    asm volatile("stmxcsr %0" : "=m"(value));
    return value;
}

/// 0 if every register of the extended state is as after a reset.
int look_at_extended_state() {
    store(seen);
    std::uint16_t control;
    asm volatile("fnstcw %0" : "=m"(control));
    if (std::memcmp(&seen, &mine, sizeof seen) != 0) return 1;
    if (mxcsr() != mxcsr_initial) return 2;
    return control == x87_control_initial ? 0 : 3;
}

/// The data segment selectors, all in one.
int look_at_selectors() {
    std::uint64_t ds, es, fs, gs;
    asm volatile("mov %%ds, %0\n mov %%es, %1\n mov %%fs, %2\n mov %%gs, %3"
                 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    return int(ds | es | fs | gs);
}

/// Fills every register there is and gives the CPU away again and again; 0 if they stay.
int keep_registers(std::uint64_t seed) {
    asm volatile("mov %0, %%ds\n mov %0, %%es\n mov %0, %%fs\n mov %0, %%gs" : : "r"(user_data));
    const std::uint64_t fs_base = seed << 12;
    const std::uint64_t gs_base = ~seed << 20 >> 20;
    asm volatile("wrfsbase %0\n wrgsbase %1" : : "r"(fs_base), "r"(gs_base));
    const std::uint32_t rounding = mxcsr_initial | std::uint32_t(seed % 4) << 13;
    asm volatile("ldmxcsr %0" : : "m"(rounding));
    for (auto& vector : mine.words)
        for (auto& word : vector)
            word = seed *= 0x9e37'79b9'7f4a'7c15;
    load(mine);
    for (int turn = 0; turn < 300; ++turn) {
        (void)libos::sys::vcpu_yield();
        std::uint64_t fs;
        std::uint64_t gs;
        asm volatile("rdfsbase %0\n rdgsbase %1" : "=r"(fs), "=r"(gs));
        store(seen);
        if (fs != fs_base || gs != gs_base) return 1;
        if (mxcsr() != rounding) return 2;
        if (std::memcmp(&seen, &mine, sizeof seen) != 0) return 3;
    }
    return 0;
}

void x87_error() {
    const std::uint16_t unmasked = 0x0340;
    asm volatile("fninit\n fldcw %0\n fld1\n fldz\n fdivrp\n fwait" : : "m"(unmasked));
}

/// Without CR0.AM the flag has no meaning; it must not let the kernel reach user memory either.
int unaligned_with_flag() {
    const char text[16] = "unaligned words";
    std::uint64_t value;
    asm volatile("pushfq\n orq $0x40000, (%%rsp)\n popfq\n mov 1(%1), %0"
                 : "=r"(value)
                 : "r"(text)
                 : "memory", "cc");
    std::uint64_t expected;
    std::memcpy(&expected, text + 1, sizeof expected);
    return value == expected ? 0 : 1;
}

void read(std::uint64_t address) { asm volatile("movb (%0), %%al" : : "r"(address) : "rax"); }
void write(std::uint64_t address) { asm volatile("movb $1, (%0)" : : "r"(address) : "memory"); }
void call(std::uint64_t address) { asm volatile("call *%0" : : "r"(address) : "memory"); }

/// Does what it is told; comes back only if nothing stops it.
int offend(std::string_view deed) {
    alignas(16) static char data[16] = {char(0xc3)};
    if (deed == "x87-error") x87_error();
    if (deed == "stack") asm volatile("mov %0, %%rsp\n push %%rax" : : "r"(1ULL << 63));
    if (deed == "read-unmapped") read(unmapped);
    if (deed == "write-unmapped") write(unmapped);
    if (deed == "call-unmapped") call(unmapped);
    if (deed == "read-kernel") read(kernel_memory);
    if (deed == "write-kernel") write(kernel_memory);
    if (deed == "call-kernel") call(kernel_memory);
    if (deed == "write-code") write(reinterpret_cast<std::uint64_t>(&offend));
    if (deed == "call-data") call(reinterpret_cast<std::uint64_t>(data));
    return 99;
}

}  // namespace

int lamina_main(std::span<const std::string_view> arguments) {
    if (arguments.size() != 2) return 98;
    const std::string_view deed = arguments[1];
    if (deed == "extended-state") return look_at_extended_state();
    if (deed == "selectors") return look_at_selectors();
    if (deed == "alignment-flag") return unaligned_with_flag();
    if (deed.starts_with("keep-")) return keep_registers(std::uint64_t(deed.back()));
    return offend(deed);
}
