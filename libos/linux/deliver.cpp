// libos/linux/deliver.cpp - signals to a program's handlers, and back from them.
//
// An exception becomes a signal in its upcall: the trapped context goes on in the handler. A signal
// that the program sends itself comes on the way out of the system call, as on Linux. Either way
// the frame lies on the program's stack, and only its memory: nothing of a handler is in the libOS
// while it runs, so handlers nest, and may be left by a jump.
#include "libos/linux/deliver.hpp"

#include <cstring>
#include <optional>

#include "libos/linux/extended_state.hpp"
#include "libos/linux/memory.hpp"
#include "libos/linux/process.hpp"
#include "libos/linux/signal_frame.hpp"
#include "libos/linux/signals.hpp"
#include "libos/linux/user_memory.hpp"
#include "libos/upcall/upcall.hpp"

extern "C" {

// In entry.S: the stack that system calls run on. Its highest word is the caller's stack pointer.
extern std::uint64_t libos_linux_stack[], libos_linux_stack_top[];
[[noreturn]] void libos_linux_go_on(const lamina::SavedContext* context);

// For entry.S: not 0 if a signal is to be delivered.
constinit bool libos_linux_signals_ready = false;
void libos_linux_deliver(lamina::SavedContext* context);

}  // extern "C"

namespace libos::linux_abi {

namespace {

using lamina::page_floor;
using lamina::page_size;
using lamina::Protection;
using lamina::SavedContext;

constexpr std::uint8_t page_fault_vector = 14;

// Page-fault error codes (Intel SDM vol. 3A, 4.7).
constexpr std::uint64_t fault_present = 1;
constexpr std::uint64_t fault_write = 2;
constexpr std::uint64_t fault_fetch = 16;

// What the last exception was, for frames of other signals too, as on Linux.
constinit ExceptionWords last_exception = {};

Protection access_of(std::uint64_t error) {
    if ((error & fault_write) != 0) return Protection::write;
    return (error & fault_fetch) != 0 ? Protection::execute : Protection::read;
}

// Whether the program may write there; then all of it has frames.
bool make_writable(std::uint64_t first, std::uint64_t end) {
    if (first >= end || !memory().allows(first, end - first, Protection::write)) return false;
    for (auto page = page_floor(first); page < end; page += page_size)
        if (!memory().find(page)->backed && !memory().fault(page, Protection::write)) return false;
    return true;
}

template <typename T>
void put(std::uint64_t address, const T& value) {
    std::memcpy(reinterpret_cast<void*>(address), &value, sizeof value);
}

// Makes the context that of the signal's handler. False: its frame has no place.
bool enter_handler(SavedContext& context, const SignalInfo& info, std::uint64_t features,
                   std::span<const std::byte> extended) {
    Signals& all = signals();
    const auto mask = all.blocked();
    const auto& wanted = all.action(info.signal);
    const auto room = all.place(wanted, context.rsp);
    const auto place = FramePlace::below(room.end, extended.size());
    if ((wanted.flags & action_restorer) == 0 || place.frame < room.lowest ||
        !make_writable(place.frame, place.end))
        return false;
    const auto stack = all.stack(context.rsp);
    const FrameContents contents = {info, all.begin(info.signal), mask, stack, last_exception};
    put(place.frame, make_frame(contents, context, place));
    auto* const state = reinterpret_cast<std::byte*>(place.extended);
    std::memcpy(state, extended.data(), extended.size());
    mark_extended({state, extended.size() + sizeof extended_end_magic}, features);
    all.disarm_stack();
    context = handler_context(contents, context, place);
    reset_extended_state();
    return true;
}

// Whether the libOS itself was serving a system call: no exception of the program.
bool in_call(const SavedContext& context) {
    return context.rsp >= reinterpret_cast<std::uint64_t>(libos_linux_stack) &&
           context.rsp <= reinterpret_cast<std::uint64_t>(libos_linux_stack_top);
}

bool take_exception(lamina::VcpuArea& area) {
    const bool is_page_fault = area.trap_vector == page_fault_vector;
    const auto access = access_of(area.trap_error);
    bool mapped = false;
    if (is_page_fault) {
        if ((area.trap_error & fault_present) == 0 && memory().fault(area.trap_address, access))
            return true;
        mapped = memory().find(area.trap_address) != nullptr;
        // The program did nothing wrong: there are no frames.
        if (memory().allows(area.trap_address, 1, access)) return false;
    }
    if (in_call(area.trap)) return false;
    const ExceptionWords exception = {area.trap_vector, area.trap_error, area.trap_address};
    const auto extended = save_extended_state();
    const auto info = signal_of(exception, area.trap.rip, mapped, extended);
    if (info.signal == 0 || !signals().handles(info.signal)) return false;
    last_exception = exception;
    return enter_handler(area.trap, info, extended_state_features(), extended);
}

// Delivers what waits and is not blocked; the last of them runs first.
void deliver_all(SavedContext& context) {
    while (const auto info = signals().take()) {
        const auto handler = signals().action(info->signal).handler;
        if (handler == handler_ignore ||
            (handler == handler_default && ignored_by_default(info->signal)))
            continue;
        if (handler == handler_default) end_by_signal(info->signal);
        if (!enter_handler(context, *info, extended_state_features(), save_extended_state()))
            end_by_signal(signal_segment);
    }
    signals_changed();
}

// What a frame says of the extended state. False if that cannot be.
bool restore_extended(std::uint64_t address) {
    if (address == 0) {
        reset_extended_state();
        return true;
    }
    const auto state = readable({address}, extended_state_bytes());
    return state && load_extended_state(*state);
}

}  // namespace

void start_signals() {
    constexpr std::uint8_t vectors[] = {0, 1, 3, 4, 5, 6, 11, 12, 13, 14, 16, 17, 19};
    for (const auto vector : vectors)
        set_trap_handler(vector, take_exception);
}

std::uint64_t caller_stack_pointer() { return libos_linux_stack_top[-1]; }

void signals_changed() { libos_linux_signals_ready = signals().ready(); }

void leave_handler() {
    static constinit SavedContext context = {};
    // The handler's return has taken the restorer off.
    const auto rsp = caller_stack_pointer();
    const auto user = load<UserContext>({rsp});
    if (!user || !restore_extended(user->context.extended_state)) end_by_signal(signal_segment);
    signals().set_blocked(user->mask);
    context = frame_context(user->context);
    (void)signals().set_stack(user->stack, context.rsp);
    deliver_all(context);
    libos_linux_go_on(&context);
}

}  // namespace libos::linux_abi

void libos_linux_deliver(lamina::SavedContext* context) { libos::linux_abi::deliver_all(*context); }
