// exokernel/cpu/bound_slices.cpp - binding slices to vCPUs, moving those, charging for time.
#include "exokernel/cpu/bound_slices.hpp"

#include <algorithm>

#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/notification.hpp"

namespace exo {
namespace {

/// If a CPU runs somebody in this slice, that is over.
void stop_slice(const Slice& slice) {
    CpuLocal& cpu = *slice.home;
    if (cpu.slice != &slice) return;
    if (cpu.running != nullptr) charge_time(cpu, *cpu.given_to, arch::now_ns());
    cpu.slice = nullptr;
    cpu.stop_ns = 0;
    notify_cpu(&cpu);
    if (&cpu == &this_cpu() && cpu.running != nullptr) cpu.must_dispatch = 1;
}

/// Takes time from an account and from those above it.
void debit(Account& payer, std::uint64_t time_ns) {
    for (Account* at = &payer; at != nullptr; at = at->parent) {
        if (!at->bounds_time || at->time_left_ns == 0) continue;
        at->time_left_ns -= std::min(at->time_left_ns, time_ns);
        if (at->time_left_ns == 0 && at->time_told != nullptr) at->time_told->signal(at->time_bits);
    }
}

}  // namespace

Result<void> check_slice(const Account& payer, const CpuLocal& home) {
    if (!payer.has_slice()) return lamina::fail(Status::quota_exceeded);
    if (home.slices.full()) return lamina::fail(Status::limit_reached);
    return {};
}

void attach_slice(Slice& slice, Account& payer, CpuLocal& home) {
    LAMINA_ASSERT(home.slices.attach(slice).has_value());
    for (Account* at = &payer; at != nullptr; at = at->parent)
        ++at->slices_used;
    slice.payer = &payer;
    slice.home = &home;
    show_slice(slice);
}

void detach_slice(Slice& slice) {
    slice.vector->detach(slice);
    for (Account* at = slice.payer; at != nullptr; at = at->parent)
        --at->slices_used;
}

Result<void> bind_slice(Slice& slice, Vcpu& vcpu) {
    LAMINA_ASSERT(slice.vcpu == nullptr && slice.home == vcpu.home);
    Slice* last = &vcpu.slice;
    for (std::uint32_t count = 1; last->next != nullptr; last = last->next)
        if (++count == slices_per_vcpu_max) return lamina::fail(Status::limit_reached);
    last->next = &slice;
    slice.vcpu = &vcpu;
    show_slice(slice);
    if (!vcpu.home->slices.wanted(vcpu.slice)) return {};
    slice.vector->set_ready(slice);
    notify_cpu(vcpu.home);  // which may halt if its own has lapsed
    return {};
}

void unbind_slice(Slice& slice) {
    if (slice.vcpu == nullptr) return;
    stop_slice(slice);
    Slice* before = &slice.vcpu->slice;
    while (before->next != &slice)
        before = before->next;
    before->next = slice.next;
    slice.next = nullptr;
    slice.vcpu = nullptr;
    slice.vector->set_waiting(slice);
    show_slice(slice);
}

Result<void> migrate(Vcpu& vcpu, CpuLocal& home) {
    if (vcpu.state >= VcpuState::ending) return lamina::fail(Status::ended);
    if (vcpu.home->running == &vcpu || vcpu.home->slice == &vcpu.slice ||
        vcpu.state == VcpuState::in_call || vcpu.caller != nullptr || vcpu.callee != nullptr ||
        vcpu.slice.next != nullptr)
        return lamina::fail(Status::busy);
    if (&home == vcpu.home) return {};
    if (home.slices.full()) return lamina::fail(Status::limit_reached);
    const bool wanted = vcpu.home->slices.wanted(vcpu.slice);
    Deadline* const deadlines[] = {&vcpu.deadline, &vcpu.timer};
    for (Deadline* const deadline : deadlines) {
        if (deadline->queue == nullptr) continue;
        deadline->cancel();
        home.deadlines.add(*deadline, deadline->at_ns);
    }
    vcpu.slice.vector->detach(vcpu.slice);
    LAMINA_ASSERT(home.slices.attach(vcpu.slice).has_value());
    vcpu.home = vcpu.slice.home = &home;
    show_slice(vcpu.slice);
    if (wanted) vcpu.slice.vector->set_ready(vcpu.slice);
    // It may be ready there, or due earlier than what the timer is set for.
    notify_cpu(&home);
    if (&home == &this_cpu()) home.must_dispatch = 1;
    return {};
}

void show_slice(const Slice& slice) {
    const AddressSpace* const space = slice.vcpu != nullptr ? slice.vcpu->space : nullptr;
    slice.vector->show(slice, space != nullptr ? space->id : 0);
}

void charge_time(CpuLocal& cpu, Vcpu& vcpu, std::uint64_t now_ns) {
    const std::uint64_t time_ns = now_ns - cpu.run_start_ns;
    cpu.run_start_ns = now_ns;
    cpu.busy_ns += time_ns;
    vcpu.run_ns += time_ns;
    vcpu.fresh.run_ns += time_ns;
    const lamina::EnvCounts now = {cpu.calls, cpu.faults, 0, cpu.switches};
    lamina::EnvCounts& counts = vcpu.fresh.counts;
    counts.calls += now.calls - cpu.counted.calls;
    counts.faults += now.faults - cpu.counted.faults;
    counts.switches += now.switches - cpu.counted.switches;
    cpu.counted = now;
    if (cpu.slice == nullptr) return;
    cpu.slice->used_ns += time_ns;
    debit(*cpu.slice->payer, time_ns);
}

}  // namespace exo
