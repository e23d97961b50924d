// libos/linux/signal_calls.cpp - system calls on signals: what the program asked for, and its end.
#include <array>

#include "libos/linux/abi.hpp"
#include "libos/linux/calls.hpp"
#include "libos/linux/process.hpp"

namespace libos::linux_abi::calls {

using lamina::fail;

namespace {

constinit std::array<SignalAction, signal_last + 1> actions = {};
constinit word blocked = 0;
constinit SignalStack alternate = {0, signal_stack_disabled, 0, 0};

bool is_signal(integer signal) { return signal > 0 && signal <= signal_last; }
word bit_of(integer signal) { return word{1} << (signal - 1); }

// Signals that do nothing unless handled: CHLD, CONT, URG, WINCH; and those that would stop what
// nobody could continue: STOP, TSTP, TTIN, TTOU. Source: Linux, signal(7).
bool ignored_by_default(integer signal) {
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

Value send(integer signal) {
    if (signal == 0) return 0;
    if (!is_signal(signal)) return fail(Errno::einval);
    const auto handler = actions[std::size_t(signal)].handler;
    if (handler == handler_ignore || (handler == handler_default && ignored_by_default(signal)))
        return 0;
    if ((blocked & bit_of(signal)) != 0) return fail(Errno::eagain);
    if (handler != handler_default) return fail(Errno::enosys);
    end_by_signal(signal);
}

}  // namespace

Value rt_sigaction(integer signal, address action, address before, word set_bytes) {
    if (set_bytes != sizeof(word) || !is_signal(signal)) return fail(Errno::einval);
    auto& current = actions[std::size_t(signal)];
    const auto old = current;
    if (!action.is_null()) {
        if (signal == signal_kill || signal == signal_stop) return fail(Errno::einval);
        LAMINA_TRY(const auto wanted, load<SignalAction>(action));
        LAMINA_CHECK(store_if_wanted(before, old));
        current = wanted;
        return 0;
    }
    LAMINA_CHECK(store_if_wanted(before, old));
    return 0;
}

Value rt_sigprocmask(integer how, address set, address before, word set_bytes) {
    if (set_bytes != sizeof(word)) return fail(Errno::einval);
    auto wanted = blocked;
    if (!set.is_null()) {
        constexpr integer block = 0;
        constexpr integer unblock = 1;
        constexpr integer replace = 2;
        LAMINA_TRY(const auto bits, load<word>(set));
        switch (how) {
            case block: wanted |= bits; break;
            case unblock: wanted &= ~bits; break;
            case replace: wanted = bits; break;
            default: return fail(Errno::einval);
        }
        wanted &= ~(bit_of(signal_kill) | bit_of(signal_stop));
    }
    LAMINA_CHECK(store_if_wanted(before, blocked));
    blocked = wanted;
    return 0;
}

Value sigaltstack(address stack, address before) {
    const auto old = alternate;
    if (!stack.is_null()) {
        LAMINA_TRY(const auto wanted, load<SignalStack>(stack));
        LAMINA_CHECK(store_if_wanted(before, old));
        alternate = wanted;
        return 0;
    }
    LAMINA_CHECK(store_if_wanted(before, old));
    return 0;
}

Value kill(integer pid, integer signal) {
    // 0 and -1 name groups that only the program itself is in.
    if (pid != process_id() && pid != 0 && pid != -1 && pid != -process_id())
        return fail(Errno::esrch);
    return send(signal);
}

Value tkill(integer tid, integer signal) {
    if (tid != process_id()) return fail(Errno::esrch);
    return send(signal);
}

Value tgkill(integer pid, integer tid, integer signal) {
    if (pid != process_id()) return fail(Errno::esrch);
    return tkill(tid, signal);
}

}  // namespace libos::linux_abi::calls
