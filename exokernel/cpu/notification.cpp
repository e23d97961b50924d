// exokernel/cpu/notification.cpp - waiting and waking.
#include "exokernel/cpu/notification.hpp"

#include <utility>

#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/upcall.hpp"

namespace exo {

void Notification::signal(std::uint64_t set) {
    bits |= set;
    const std::uint64_t awaited = waiter != nullptr ? bits & waiter->wait_mask : 0;
    // First: the waiter's reference may be the last one.
    if (told != nullptr && (set & ~awaited) != 0)
        make_upcall_due(*told, lamina::pending_notification);
    if (awaited == 0) return;
    Vcpu& woken = *waiter;
    const std::uint64_t taken = take(woken.wait_mask);
    cancel_wait(woken, Status::ok);
    woken.set_result(Status::ok, taken);
}

Result<void> Notification::wait(Vcpu& vcpu, CapSlot& by, std::uint64_t mask,
                                std::uint64_t deadline_ns) {
    if (waiter != nullptr) return lamina::fail(Status::busy);
    ++references;
    waiter = &vcpu;
    vcpu.waits_for = this;
    vcpu.wait_mask = mask;
    vcpu.wait_link.join(by.children);
    vcpu.state = VcpuState::waiting;
    make_waiting(vcpu, deadline_ns);
    return {};
}

void Notification::cancel_wait(Vcpu& vcpu, Status status) {
    Notification* from = vcpu.waits_for;
    LAMINA_ASSERT(from != nullptr && from->waiter == &vcpu);
    from->waiter = nullptr;
    vcpu.waits_for = nullptr;
    vcpu.wait_link.leave();
    vcpu.state = VcpuState::ready;
    vcpu.set_result(status, 0);
    make_ready(vcpu);
    release_object(*from);
}

void Notification::tell(Vcpu& vcpu, CapSlot& by) {
    LAMINA_ASSERT(told == nullptr && vcpu.told_of == nullptr);
    ++references;
    told = &vcpu;
    vcpu.told_of = this;
    vcpu.told_link.join(by.children);
    if (bits != 0) make_upcall_due(vcpu, lamina::pending_notification);
}

void Notification::stop_telling(Vcpu& vcpu) {
    Notification* const from = std::exchange(vcpu.told_of, nullptr);
    if (from == nullptr) return;
    from->told = nullptr;
    vcpu.told_link.leave();
    vcpu.upcalls_due &= ~lamina::pending_notification;
    release_object(*from);
}

}  // namespace exo
