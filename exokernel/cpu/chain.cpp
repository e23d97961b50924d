// exokernel/cpu/chain.cpp - cutting a chain in two.
#include "exokernel/cpu/chain.hpp"

#include <utility>

#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/notification.hpp"
#include "exokernel/cpu/watch.hpp"

namespace exo {
namespace {

/// Cuts a chain between a caller and whom it called: both parts go on apart.
void end_call(Vcpu& caller, Status status) {
    Vcpu& callee = *std::exchange(caller.callee, nullptr);
    LAMINA_ASSERT(callee.caller == &caller);
    callee.caller = nullptr;
    caller.wait_link.leave();
    caller.state = VcpuState::ready;
    caller.set_result(status, 0);
    make_ready(caller);
    if (can_run(tip_of(callee))) make_slices_ready(callee);
    this_cpu().must_dispatch = 1;  // the one that runs here may have no slice here any more
}

}  // namespace

bool chain_has_place(const Vcpu& caller) {
    std::uint32_t calls = 0;
    for (const Vcpu* at = caller.caller; at != nullptr; at = at->caller)
        ++calls;
    return calls < chain_calls_max;
}

bool end_wait(Vcpu& vcpu, Status status) {
    switch (vcpu.state) {
        case VcpuState::calling: end_call(vcpu, status); return true;
        case VcpuState::waiting: Notification::cancel_wait(vcpu, status); return true;
        case VcpuState::watching: end_watch(vcpu, status); return true;
        default: return false;
    }
}

}  // namespace exo
