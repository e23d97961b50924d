// libos/linux/signal_frame.cpp - the frame a signal handler runs on, and going back from it.
#include "libos/linux/signal_frame.hpp"

#include <algorithm>
#include <cstring>

namespace libos::linux_abi {

namespace {

// Offsets in the extended state (Intel SDM vol. 1, 10.5.1 and 13.4.2).
constexpr std::size_t x87_control_offset = 0;
constexpr std::size_t x87_status_offset = 2;
constexpr std::size_t mxcsr_offset = 24;
constexpr std::size_t mxcsr_mask_offset = 28;
constexpr std::size_t header_offset = 512;
constexpr std::size_t header_words = 8;

template <typename T>
T at(std::span<const std::byte> state, std::size_t offset) {
    T value;
    std::memcpy(&value, state.data() + offset, sizeof value);
    return value;
}

// Bits of an unmasked x87 or SSE exception, in the order of their importance.
std::int32_t float_code(std::uint32_t bits) {
    if ((bits & 0x01) != 0) return code_float_invalid;
    if ((bits & 0x04) != 0) return code_float_divide;
    if ((bits & 0x08) != 0) return code_float_overflow;
    if ((bits & 0x12) != 0) return code_float_underflow;
    if ((bits & 0x20) != 0) return code_float_inexact;
    return 0;
}

std::int32_t x87_code(std::span<const std::byte> state) {
    const auto masked = at<std::uint16_t>(state, x87_control_offset);
    return float_code(at<std::uint16_t>(state, x87_status_offset) & ~std::uint32_t{masked});
}

std::int32_t sse_code(std::span<const std::byte> state) {
    const auto mxcsr = at<std::uint32_t>(state, mxcsr_offset);
    return float_code(~(mxcsr >> 7) & mxcsr & 0x3f);
}

SignalInfo info_of(std::int32_t signal, std::int32_t code, std::uint64_t address) {
    SignalInfo info = {};
    info.signal = signal;
    info.code = code;
    info.address = address;
    return info;
}

}  // namespace

// Linux 6.1, arch/x86/kernel/traps.c and mm/fault.c.
SignalInfo signal_of(const ExceptionWords& exception, std::uint64_t rip, bool mapped,
                     std::span<const std::byte> extended) {
    switch (exception.vector) {
        case 0: return info_of(signal_arithmetic, code_divide, rip);
        case 1: return info_of(signal_trap, code_step, rip);
        case 3: return info_of(signal_trap, code_kernel, 0);
        case 6: return info_of(signal_illegal, code_illegal_operand, rip);
        case 4:
        case 5:
        case 13: return info_of(signal_segment, code_kernel, 0);
        case 11:
        case 12: return info_of(signal_bus, code_kernel, 0);
        case 14:
            return info_of(signal_segment, mapped ? code_no_access : code_not_mapped,
                           exception.address);
        case 16: return info_of(signal_arithmetic, x87_code(extended), rip);
        case 17: return info_of(signal_bus, code_misaligned, 0);
        case 19: return info_of(signal_arithmetic, sse_code(extended), rip);
        default: return {};
    }
}

FramePlace FramePlace::below(std::uint64_t end, std::uint64_t extended_bytes) {
    const auto extended = (end - extended_bytes - sizeof extended_end_magic) & ~std::uint64_t{63};
    const auto frame = ((extended - sizeof(SignalFrame)) & ~std::uint64_t{15}) - 8;
    return {frame, extended, end};
}

SignalFrame make_frame(const FrameContents& contents, const lamina::SavedContext& context,
                       const FramePlace& place) {
    SignalFrame frame = {};
    frame.restorer = contents.action.restorer;
    frame.info = contents.info;
    frame.user.flags = context_has_extended_state | context_has_ss;
    frame.user.stack = contents.stack;
    frame.user.mask = contents.mask;
    SignalContext& to = frame.user.context;
    to.r8 = context.r8;
    to.r9 = context.r9;
    to.r10 = context.r10;
    to.r11 = context.r11;
    to.r12 = context.r12;
    to.r13 = context.r13;
    to.r14 = context.r14;
    to.r15 = context.r15;
    to.rdi = context.rdi;
    to.rsi = context.rsi;
    to.rbp = context.rbp;
    to.rbx = context.rbx;
    to.rdx = context.rdx;
    to.rax = context.rax;
    to.rcx = context.rcx;
    to.rsp = context.rsp;
    to.rip = context.rip;
    to.rflags = context.rflags;
    to.cs = linux_user_cs;
    to.ss = linux_user_ss;
    to.error = contents.exception.error;
    to.vector = contents.exception.vector;
    to.fault_address = contents.exception.address;
    to.old_mask = contents.mask;
    to.extended_state = place.extended;
    return frame;
}

lamina::SavedContext handler_context(const FrameContents& contents,
                                     const lamina::SavedContext& context, const FramePlace& place) {
    constexpr std::uint64_t cleared_flags = 0x1'0500;  // RF DF TF
    auto handler = context;
    handler.rip = contents.action.handler;
    handler.rsp = place.frame;
    handler.rflags &= ~cleared_flags;
    handler.rdi = std::uint64_t(contents.info.signal);
    handler.rsi = place.frame + offsetof(SignalFrame, info);
    handler.rdx = place.frame + offsetof(SignalFrame, user);
    handler.rax = 0;
    return handler;
}

lamina::SavedContext frame_context(const SignalContext& from) {
    constexpr std::uint64_t restored_flags = 0x5'0dd5;  // AC RF OF DF TF SF ZF AF PF CF
    constexpr std::uint64_t always_flags = 0x202;
    return {from.rax, from.rbx, from.rcx, from.rdx,
            from.rsi, from.rdi, from.rbp, from.r8,
            from.r9,  from.r10, from.r11, from.r12,
            from.r13, from.r14, from.r15, (from.rflags & restored_flags) | always_flags,
            from.rsp, from.rip};
}

void mark_extended(std::span<std::byte> state, std::uint64_t features) {
    const auto bytes = state.size() - sizeof extended_end_magic;
    const ExtendedStateWords words = {
        extended_magic, std::uint32_t(state.size()), features, std::uint32_t(bytes), {}};
    std::memcpy(state.data() + extended_words_offset, &words, sizeof words);
    std::memcpy(state.data() + bytes, &extended_end_magic, sizeof extended_end_magic);
}

bool is_loadable(std::span<const std::byte> state, std::uint64_t features) {
    const auto header = [&](std::size_t word) {
        return at<std::uint64_t>(state, header_offset + word * sizeof(std::uint64_t));
    };
    if ((header(0) & ~features) != 0) return false;
    for (std::size_t word = 1; word < header_words; ++word)
        if (header(word) != 0) return false;
    constexpr std::uint32_t mxcsr_mask_default = 0xffbf;  // Intel SDM vol. 1, 11.6.6
    auto allowed = at<std::uint32_t>(state, mxcsr_mask_offset);
    if (allowed == 0) allowed = mxcsr_mask_default;
    return (at<std::uint32_t>(state, mxcsr_offset) & ~(allowed & 0xffff)) == 0;
}

}  // namespace libos::linux_abi
