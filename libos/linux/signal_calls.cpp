// libos/linux/signal_calls.cpp - system calls on signals.
#include "libos/linux/calls.hpp"
#include "libos/linux/deliver.hpp"
#include "libos/linux/process.hpp"
#include "libos/linux/signals.hpp"

namespace libos::linux_abi::calls {

using lamina::fail;

namespace {

// The program sends itself a signal; 0 only asks whether it could.
Value send(integer signal, std::int32_t code) {
    if (signal == 0) return 0;
    if (!is_signal(signal)) return fail(Errno::einval);
    SignalInfo info = {};
    info.signal = signal;
    info.code = code;
    info.sender = {process_id(), 0};
    signals().raise(info);
    signals_changed();
    return 0;
}

}  // namespace

Value rt_sigaction(integer signal, address action, address before, word set_bytes) {
    if (set_bytes != sizeof(word) || !is_signal(signal)) return fail(Errno::einval);
    const auto old = signals().action(signal);
    if (action.is_null()) {
        LAMINA_CHECK(store_if_wanted(before, old));
        return 0;
    }
    if (signal == signal_kill || signal == signal_stop) return fail(Errno::einval);
    LAMINA_TRY(const auto wanted, load<SignalAction>(action));
    LAMINA_CHECK(store_if_wanted(before, old));
    signals().set_action(signal, wanted);
    signals_changed();
    return 0;
}

Value rt_sigprocmask(integer how, address set, address before, word set_bytes) {
    if (set_bytes != sizeof(word)) return fail(Errno::einval);
    const auto blocked = signals().blocked();
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
    }
    LAMINA_CHECK(store_if_wanted(before, blocked));
    signals().set_blocked(wanted);
    signals_changed();
    return 0;
}

Value rt_sigpending(address set, word set_bytes) {
    if (set_bytes > sizeof(word)) return fail(Errno::einval);
    LAMINA_CHECK(store(set, signals().waiting() & signals().blocked()));
    return 0;
}

Value rt_sigreturn() { leave_handler(); }

Value sigaltstack(address stack, address before) {
    const auto rsp = caller_stack_pointer();
    const auto old = signals().stack(rsp);
    if (!stack.is_null()) {
        LAMINA_TRY(const auto wanted, load<SignalStack>(stack));
        LAMINA_CHECK(signals().set_stack(wanted, rsp));
    }
    LAMINA_CHECK(store_if_wanted(before, old));
    return 0;
}

Value kill(integer pid, integer signal) {
    // 0 and -1 name groups that only the program itself is in.
    if (pid != process_id() && pid != 0 && pid != -1 && pid != -process_id())
        return fail(Errno::esrch);
    return send(signal, code_user);
}

Value tkill(integer tid, integer signal) {
    if (tid != process_id()) return fail(Errno::esrch);
    return send(signal, code_thread);
}

Value tgkill(integer pid, integer tid, integer signal) {
    if (pid != process_id()) return fail(Errno::esrch);
    return tkill(tid, signal);
}

}  // namespace libos::linux_abi::calls
