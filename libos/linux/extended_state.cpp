// libos/linux/extended_state.cpp - the program's x87, SSE and AVX registers, to memory and back.
#include "libos/linux/extended_state.hpp"

#include <cpuid.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "libos/linux/signal_frame.hpp"

namespace libos::linux_abi {

namespace {

// The kernel keeps this much for a vCPU at most. A word of a signal frame comes behind.
constexpr std::size_t bytes_max = 4096;
alignas(64) constinit std::array<std::byte, bytes_max> buffer = {};

constexpr std::size_t header_offset = 512;
constexpr std::size_t header_bytes = 64;
constexpr std::size_t mxcsr_offset = 24;
constexpr std::uint32_t mxcsr_initial = 0x1f80;

[[gnu::target("xsave")]] void save() {
    __builtin_ia32_xsave64(buffer.data(), std::int64_t(extended_state_features()));
}

[[gnu::target("xsave")]] void load() {
    __builtin_ia32_xrstor64(buffer.data(), std::int64_t(extended_state_features()));
}

std::span<std::byte> saved() { return std::span(buffer).first(extended_state_bytes()); }

}  // namespace

// Intel SDM vol. 2, CPUID leaf 0xd: ebx.
std::uint64_t extended_state_bytes() {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    constexpr unsigned leaf = 0xd;
    if (__get_cpuid_count(leaf, 0, &a, &b, &c, &d) == 0) return header_offset + header_bytes;
    return std::min<std::uint64_t>(b, bytes_max);
}

[[gnu::target("xsave")]] std::uint64_t extended_state_features() {
    return std::uint64_t(__builtin_ia32_xgetbv(0));
}

std::span<std::byte> save_extended_state() {
    // The processor writes some of the header only, and XRSTOR looks at all of it.
    std::memset(buffer.data() + header_offset, 0, header_bytes);
    save();
    return saved();
}

bool load_extended_state(std::span<const std::byte> from) {
    if (from.size() != extended_state_bytes() || !is_loadable(from, extended_state_features()))
        return false;
    std::memcpy(buffer.data(), from.data(), from.size());
    load();
    return true;
}

void reset_extended_state() {
    // No feature in the header: all are as after a reset, but for MXCSR.
    std::memset(buffer.data() + header_offset, 0, header_bytes);
    std::memcpy(buffer.data() + mxcsr_offset, &mxcsr_initial, sizeof mxcsr_initial);
    load();
}

}  // namespace libos::linux_abi
