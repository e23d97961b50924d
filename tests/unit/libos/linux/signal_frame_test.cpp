// tests/unit/libos/linux/signal_frame_test.cpp - frames of signal handlers: places, contents,
// reasons.
#include "libos/linux/signal_frame.hpp"

#include <signal.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

#include "doctest/doctest.h"
#include "lamina/vcpu.hpp"

namespace abi = libos::linux_abi;
using abi::FramePlace;
using lamina::SavedContext;

namespace {

constexpr std::uint64_t rip = 0x40'1234;

SavedContext some_context() {
    SavedContext made = {};
    std::uint64_t word = 1;
    for (auto* reg = &made.rax; reg <= &made.rip; ++reg)
        *reg = word++;
    made.rflags = 0x202;
    return made;
}

struct Extended {
    std::array<std::byte, 1024> bytes = {};
    template <typename T>
    void set(std::size_t offset, T value) {
        std::memcpy(bytes.data() + offset, &value, sizeof value);
    }
};

abi::SignalInfo reason(std::uint64_t vector, bool mapped = false, const Extended& extended = {}) {
    return abi::signal_of({vector, 0, 0x77}, rip, mapped, extended.bytes);
}

bool is(const abi::SignalInfo& info, int signal, int code, std::uint64_t address) {
    return info.signal == signal && info.code == code && info.address == address;
}

}  // namespace

// Offsets that the C library and programs use.
static_assert(offsetof(abi::UserContext, stack) == offsetof(ucontext_t, uc_stack));
static_assert(offsetof(abi::UserContext, context) == offsetof(ucontext_t, uc_mcontext));
static_assert(offsetof(abi::UserContext, mask) == offsetof(ucontext_t, uc_sigmask));
static_assert(offsetof(abi::SignalContext, extended_state) == offsetof(mcontext_t, fpregs));
static_assert(offsetof(abi::SignalContext, rip) == REG_RIP * sizeof(greg_t));
static_assert(offsetof(abi::SignalContext, rflags) == REG_EFL * sizeof(greg_t));
static_assert(offsetof(abi::SignalContext, rsp) == REG_RSP * sizeof(greg_t));
static_assert(offsetof(abi::SignalContext, fault_address) == REG_CR2 * sizeof(greg_t));
static_assert(offsetof(abi::SignalContext, error) == REG_ERR * sizeof(greg_t));
static_assert(offsetof(abi::SignalInfo, code) == offsetof(siginfo_t, si_code));
static_assert(offsetof(abi::SignalInfo, address) == offsetof(siginfo_t, si_addr));
static_assert(sizeof(abi::SignalInfo) == sizeof(siginfo_t));
static_assert(sizeof(abi::SignalStack) == sizeof(stack_t));
static_assert(offsetof(abi::SignalStack, bytes) == offsetof(stack_t, ss_size));
static_assert(abi::signal_kill == SIGKILL && abi::signal_stop == SIGSTOP);
static_assert(abi::signal_illegal == SIGILL && abi::signal_trap == SIGTRAP);
static_assert(abi::signal_bus == SIGBUS && abi::signal_arithmetic == SIGFPE);
static_assert(abi::signal_segment == SIGSEGV);
static_assert(abi::action_on_stack == SA_ONSTACK && abi::action_no_defer == SA_NODEFER);
static_assert(abi::action_reset == SA_RESETHAND);
static_assert(abi::signal_stack_in_use == SS_ONSTACK && abi::signal_stack_disabled == SS_DISABLE);

TEST_CASE("each exception is the signal and the reason that Linux gives") {
    CHECK(is(reason(0), SIGFPE, FPE_INTDIV, rip));
    CHECK(is(reason(1), SIGTRAP, TRAP_TRACE, rip));
    CHECK(is(reason(3), SIGTRAP, SI_KERNEL, 0));
    CHECK(is(reason(4), SIGSEGV, SI_KERNEL, 0));
    CHECK(is(reason(6), SIGILL, ILL_ILLOPN, rip));
    CHECK(is(reason(12), SIGBUS, SI_KERNEL, 0));
    CHECK(is(reason(13), SIGSEGV, SI_KERNEL, 0));
    CHECK(is(reason(14, false), SIGSEGV, SEGV_MAPERR, 0x77));
    CHECK(is(reason(14, true), SIGSEGV, SEGV_ACCERR, 0x77));
    CHECK(is(reason(17), SIGBUS, BUS_ADRALN, 0));
    for (const std::uint64_t vector : {2U, 8U, 18U, 31U, 32U})
        CHECK(reason(vector).signal == 0);
}

TEST_CASE("a floating-point exception tells which one of those that are not masked") {
    struct Case {
        std::uint16_t raised;
        int code;
    };
    constexpr Case cases[] = {{1, FPE_FLTINV},  {4, FPE_FLTDIV},    {8, FPE_FLTOVF},
                              {16, FPE_FLTUND}, {0x20, FPE_FLTRES}, {0x24, FPE_FLTDIV}};
    for (const auto& [raised, code] : cases) {
        Extended x87;
        x87.set(0, std::uint16_t(0x37f & ~raised));
        x87.set(2, std::uint16_t(0x3f));
        CHECK(is(reason(16, false, x87), SIGFPE, code, rip));
        Extended sse;
        sse.set(24, std::uint32_t((0x1f80 & ~(std::uint32_t{raised} << 7)) | 0x3f));
        CHECK(is(reason(19, false, sse), SIGFPE, code, rip));
    }
}

TEST_CASE("a frame is aligned as Linux does it and ends where it may") {
    for (std::uint64_t end = 0x10'0000; end < 0x10'0080; end += 8) {
        const auto place = FramePlace::below(end, 832);
        CHECK(place.extended % 64 == 0);
        CHECK(place.extended + 832 + 4 <= end);
        CHECK(end - (place.extended + 832 + 4) < 64);
        CHECK(place.frame % 16 == 8);
        CHECK(place.frame + sizeof(abi::SignalFrame) <= place.extended);
        CHECK(place.extended - (place.frame + sizeof(abi::SignalFrame)) < 24);
    }
}

TEST_CASE("the handler finds its arguments, and a frame gives back the context it was made of") {
    const auto context = some_context();
    const auto place = FramePlace::below(0x10'0000, 832);
    const abi::FrameContents contents = {
        {SIGUSR1, 0, SI_USER, 0, {0}}, {0x5000, 0, 0x6000, 0}, 0x123, {1, 2, 0, 3}, {14, 6, 0x77}};
    const auto frame = abi::make_frame(contents, context, place);
    CHECK(frame.restorer == 0x6000);
    CHECK(frame.user.mask == 0x123);
    CHECK(frame.user.stack.bytes == 3);
    CHECK(frame.user.context.vector == 14);
    CHECK(frame.user.context.error == 6);
    CHECK(frame.user.context.fault_address == 0x77);
    CHECK(frame.user.context.extended_state == place.extended);
    const auto back = abi::frame_context(frame.user.context);
    CHECK(std::memcmp(&back, &context, sizeof back) == 0);

    auto flagged = context;
    flagged.rflags = 0x1'0702;
    const auto handler = abi::handler_context(contents, flagged, place);
    CHECK(handler.rip == 0x5000);
    CHECK(handler.rsp == place.frame);
    CHECK(handler.rdi == SIGUSR1);
    CHECK(handler.rsi == place.frame + offsetof(abi::SignalFrame, info));
    CHECK(handler.rdx == place.frame + offsetof(abi::SignalFrame, user));
    CHECK(handler.rax == 0);
    CHECK(handler.rbx == context.rbx);
    CHECK(handler.rflags == 0x202);
}

TEST_CASE("a frame cannot set flags that a program may not") {
    abi::SignalContext from = {};
    from.rflags = ~std::uint64_t{0};
    CHECK(abi::frame_context(from).rflags == 0x5'0fd7);
    from.rflags = 0;
    CHECK(abi::frame_context(from).rflags == 0x202);
}

TEST_CASE("extended state with what the processor does not take is not loadable") {
    Extended good;
    good.set(24, std::uint32_t{0x1f80});
    good.set(512, std::uint64_t{7});
    CHECK(abi::is_loadable(good.bytes, 7));
    auto features = good;
    features.set(512, std::uint64_t{8});
    CHECK_FALSE(abi::is_loadable(features.bytes, 7));
    for (std::size_t word = 1; word < 8; ++word) {
        auto header = good;
        header.set(512 + word * 8, std::uint64_t{1});
        CHECK_FALSE(abi::is_loadable(header.bytes, 7));
    }
    auto mxcsr = good;
    mxcsr.set(24, std::uint32_t{0x1'1f80});
    mxcsr.set(28, ~std::uint32_t{0});
    CHECK_FALSE(abi::is_loadable(mxcsr.bytes, 7));
    // Without a mask denormals-are-zeros is reserved.
    mxcsr.set(24, std::uint32_t{0x1fc0});
    mxcsr.set(28, std::uint32_t{0});
    CHECK_FALSE(abi::is_loadable(mxcsr.bytes, 7));
}

TEST_CASE("a frame's extended state says how long it is and what is in it") {
    Extended area;
    abi::mark_extended(std::span(area.bytes).first(836), 7);
    abi::ExtendedStateWords words;
    std::memcpy(&words, area.bytes.data() + 464, sizeof words);
    CHECK(words.magic == FP_XSTATE_MAGIC1);
    CHECK(words.frame_bytes == 836);
    CHECK(words.state_bytes == 832);
    CHECK(words.features == 7);
    std::uint32_t end = 0;
    std::memcpy(&end, area.bytes.data() + 832, sizeof end);
    CHECK(end == FP_XSTATE_MAGIC2);
}
