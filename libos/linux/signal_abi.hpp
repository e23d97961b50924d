// libos/linux/signal_abi.hpp - what a Linux program sees of signals on x86-64: numbers, siginfo,
// the frame on its stack. Source: Linux 6.1, uapi/asm-generic/siginfo.h, uapi/asm/sigcontext.h,
// uapi/asm/ucontext.h, arch/x86/include/asm/sigframe.h; a host test compares them with the headers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace libos::linux_abi {

inline constexpr std::int32_t signal_last = 64;
inline constexpr std::int32_t signal_illegal = 4;
inline constexpr std::int32_t signal_trap = 5;
inline constexpr std::int32_t signal_bus = 7;
inline constexpr std::int32_t signal_arithmetic = 8;
inline constexpr std::int32_t signal_kill = 9;
inline constexpr std::int32_t signal_segment = 11;
inline constexpr std::int32_t signal_stop = 19;

struct SignalAction {
    std::uint64_t handler;
    std::uint64_t flags;
    std::uint64_t restorer;
    std::uint64_t mask;
};
static_assert(sizeof(SignalAction) == 32);

inline constexpr std::uint64_t handler_default = 0;
inline constexpr std::uint64_t handler_ignore = 1;
inline constexpr std::uint64_t action_restorer = 0x0400'0000;
inline constexpr std::uint64_t action_on_stack = 0x0800'0000;
inline constexpr std::uint64_t action_no_defer = 0x4000'0000;
inline constexpr std::uint64_t action_reset = 0x8000'0000;

struct SignalStack {
    std::uint64_t address;
    std::int32_t flags;
    std::uint32_t padding;
    std::uint64_t bytes;
};
static_assert(sizeof(SignalStack) == 24);

inline constexpr std::int32_t signal_stack_in_use = 1;
inline constexpr std::int32_t signal_stack_disabled = 2;
inline constexpr std::int32_t signal_stack_disarm = std::int32_t(0x8000'0000);
inline constexpr std::uint64_t signal_stack_bytes_min = 2048;

/// Why a signal came; positive codes are the processor's.
inline constexpr std::int32_t code_user = 0;
inline constexpr std::int32_t code_thread = -6;
inline constexpr std::int32_t code_kernel = 0x80;
inline constexpr std::int32_t code_illegal_operand = 2;
inline constexpr std::int32_t code_divide = 1;
inline constexpr std::int32_t code_float_divide = 3;
inline constexpr std::int32_t code_float_overflow = 4;
inline constexpr std::int32_t code_float_underflow = 5;
inline constexpr std::int32_t code_float_inexact = 6;
inline constexpr std::int32_t code_float_invalid = 7;
inline constexpr std::int32_t code_not_mapped = 1;
inline constexpr std::int32_t code_no_access = 2;
inline constexpr std::int32_t code_misaligned = 1;
inline constexpr std::int32_t code_step = 2;

/// siginfo_t: of an exception the address, of a call who made it.
struct SignalInfo {
    std::int32_t signal;
    std::int32_t error;
    std::int32_t code;
    std::int32_t padding;
    union {
        std::uint64_t address;
        struct {
            std::int32_t pid;
            std::uint32_t user;
        } sender;
        std::uint64_t bytes[14];
    };
};
static_assert(sizeof(SignalInfo) == 128);

/// struct sigcontext: mcontext_t.
struct SignalContext {
    std::uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    std::uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
    std::uint16_t cs, gs, fs, ss;
    std::uint64_t error, vector, old_mask, fault_address;
    std::uint64_t extended_state;
    std::uint64_t reserved[8];
};
static_assert(sizeof(SignalContext) == 256);

struct UserContext {
    std::uint64_t flags;
    std::uint64_t link;
    SignalStack stack;
    SignalContext context;
    std::uint64_t mask;
};
static_assert(sizeof(UserContext) == 304);

inline constexpr std::uint64_t context_has_extended_state = 1;
inline constexpr std::uint64_t context_has_ss = 2 | 4;
inline constexpr std::uint16_t linux_user_cs = 0x33;
inline constexpr std::uint16_t linux_user_ss = 0x2b;

/// What a handler finds where its stack pointer is. The extended state is above it.
struct SignalFrame {
    std::uint64_t restorer;
    UserContext user;
    SignalInfo info;
};
static_assert(sizeof(SignalFrame) == 440);

/// The bytes of the legacy area that belong to software, and the word behind the extended state.
struct ExtendedStateWords {
    std::uint32_t magic;
    std::uint32_t frame_bytes;
    std::uint64_t features;
    std::uint32_t state_bytes;
    std::uint32_t padding[7];
};
static_assert(sizeof(ExtendedStateWords) == 48);

inline constexpr std::size_t extended_words_offset = 464;
inline constexpr std::uint32_t extended_magic = 0x4650'5853;
inline constexpr std::uint32_t extended_end_magic = 0x4650'5845;

}  // namespace libos::linux_abi
