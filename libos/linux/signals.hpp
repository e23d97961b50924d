// libos/linux/signals.hpp - Signals: what a program wants of signals, and which of them wait.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "libos/linux/errno.hpp"
#include "libos/linux/signal_abi.hpp"

namespace libos::linux_abi {

constexpr bool is_signal(std::int32_t signal) { return signal > 0 && signal <= signal_last; }
constexpr std::uint64_t signal_bit(std::int32_t signal) { return std::uint64_t{1} << (signal - 1); }

/// Signals that do nothing unless handled: CHLD, CONT, URG, WINCH; and those that would stop what
/// nobody could continue: STOP, TSTP, TTIN, TTOU. Source: Linux, signal(7).
bool ignored_by_default(std::int32_t signal);

/// Pure logic. A signal waits once, with the first reason it came for.
class Signals {
public:
    /// KILL and STOP can be neither handled nor blocked.
    static constexpr std::uint64_t unblockable = signal_bit(signal_kill) | signal_bit(signal_stop);

    const SignalAction& action(std::int32_t signal) const { return actions_[std::size_t(signal)]; }
    /// A signal that is to be ignored does not wait any more.
    void set_action(std::int32_t signal, const SignalAction& action);

    std::uint64_t blocked() const { return blocked_; }
    void set_blocked(std::uint64_t mask) { blocked_ = mask & ~unblockable; }

    /// A signal has come, for `info.signal`; dropped if the program ignores it.
    void raise(const SignalInfo& info);
    std::uint64_t waiting() const { return waiting_; }
    /// Whether one waits that is not blocked.
    bool ready() const { return (waiting_ & ~blocked_) != 0; }
    /// Takes that with the lowest number.
    std::optional<SignalInfo> take();

    /// Whether the program can be told of an exception that it cannot pass: there is a handler and
    /// the signal is not blocked.
    bool handles(std::int32_t signal) const;

    /// What handling begins with: the signals of the action's mask are blocked, and itself; an
    /// action for one time is over. Returns the action.
    SignalAction begin(std::int32_t signal);

    /// The alternate stack as the program is told of it, with its stack pointer there or elsewhere.
    SignalStack stack(std::uint64_t rsp) const;
    /// Errors: eperm (in use), einval (flags), enomem (too small).
    Outcome<void> set_stack(const SignalStack& stack, std::uint64_t rsp);
    /// Where the frame of a handler ends: the alternate stack or 128 bytes below `rsp`.
    struct Place {
        std::uint64_t end;
        std::uint64_t lowest;  ///< The frame may not start below.
    };
    Place place(const SignalAction& action, std::uint64_t rsp) const;
    /// After the alternate stack is told to a handler: with SS_AUTODISARM it is none any more.
    void disarm_stack();

private:
    bool ignores(std::int32_t signal) const;
    bool on_stack(std::uint64_t rsp) const;

    std::array<SignalAction, signal_last + 1> actions_ = {};
    std::array<SignalInfo, signal_last + 1> infos_ = {};
    std::uint64_t blocked_ = 0;
    std::uint64_t waiting_ = 0;
    SignalStack stack_ = {0, signal_stack_disabled, 0, 0};
};

/// The program's signals.
Signals& signals();

}  // namespace libos::linux_abi
