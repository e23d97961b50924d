// libos/linux/signals.cpp - what a program wants of signals, and which of them wait.
#include "libos/linux/signals.hpp"

#include <bit>

namespace libos::linux_abi {

using lamina::fail;

namespace {

constexpr std::uint64_t red_zone_bytes = 128;  // System V ABI, AMD64 supplement, 3.2.2

constinit Signals program_signals;

}  // namespace

Signals& signals() { return program_signals; }

bool ignored_by_default(std::int32_t signal) {
    switch (signal) {
        case 17:
        case 18:
        case 19:
        case 20:
        case 21:
        case 22:
        case 23:
        case 28: return true;
        default: return false;
    }
}

bool Signals::ignores(std::int32_t signal) const {
    const auto handler = action(signal).handler;
    return handler == handler_ignore || (handler == handler_default && ignored_by_default(signal));
}

void Signals::set_action(std::int32_t signal, const SignalAction& action) {
    actions_[std::size_t(signal)] = action;
    actions_[std::size_t(signal)].mask &= ~unblockable;
    if (ignores(signal)) waiting_ &= ~signal_bit(signal);
}

void Signals::raise(const SignalInfo& info) {
    const auto bit = signal_bit(info.signal);
    // A blocked one waits even if it is ignored: the program may handle it before it unblocks it.
    if (ignores(info.signal) && (blocked_ & bit) == 0) return;
    if ((waiting_ & bit) != 0) return;
    infos_[std::size_t(info.signal)] = info;
    waiting_ |= bit;
}

std::optional<SignalInfo> Signals::take() {
    const auto takeable = waiting_ & ~blocked_;
    if (takeable == 0) return {};
    const auto signal = std::countr_zero(takeable) + 1;
    waiting_ &= ~signal_bit(signal);
    return infos_[std::size_t(signal)];
}

bool Signals::handles(std::int32_t signal) const {
    return action(signal).handler > handler_ignore && (blocked_ & signal_bit(signal)) == 0;
}

SignalAction Signals::begin(std::int32_t signal) {
    const auto begun = action(signal);
    set_blocked(blocked_ | begun.mask |
                ((begun.flags & action_no_defer) == 0 ? signal_bit(signal) : 0));
    if ((begun.flags & action_reset) != 0) actions_[std::size_t(signal)].handler = handler_default;
    return begun;
}

bool Signals::on_stack(std::uint64_t rsp) const {
    if ((stack_.flags & signal_stack_disarm) != 0) return false;
    return rsp > stack_.address && rsp - stack_.address <= stack_.bytes;
}

SignalStack Signals::stack(std::uint64_t rsp) const {
    auto told = stack_;
    if (told.bytes == 0)
        told.flags = signal_stack_disabled;
    else if (on_stack(rsp))
        told.flags |= signal_stack_in_use;
    return told;
}

Outcome<void> Signals::set_stack(const SignalStack& stack, std::uint64_t rsp) {
    if (on_stack(rsp)) return fail(Errno::eperm);
    const auto mode = stack.flags & ~signal_stack_disarm;
    if (mode != 0 && mode != signal_stack_in_use && mode != signal_stack_disabled)
        return fail(Errno::einval);
    if (mode == signal_stack_disabled) {
        stack_ = {0, signal_stack_disabled, 0, 0};
        return {};
    }
    if (stack.bytes < signal_stack_bytes_min) return fail(Errno::enomem);
    stack_ = {stack.address, stack.flags & signal_stack_disarm, 0, stack.bytes};
    return {};
}

Signals::Place Signals::place(const SignalAction& action, std::uint64_t rsp) const {
    if ((action.flags & action_on_stack) != 0 && stack_.bytes != 0 && !on_stack(rsp))
        return {stack_.address + stack_.bytes, stack_.address};
    const auto end = rsp - red_zone_bytes;
    return {end, on_stack(rsp) ? stack_.address : 0};
}

void Signals::disarm_stack() {
    if ((stack_.flags & signal_stack_disarm) != 0) stack_ = {0, signal_stack_disabled, 0, 0};
}

}  // namespace libos::linux_abi
