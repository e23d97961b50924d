// exokernel/cpu/dispatch.cpp - slices, deadlines and idling.
#include "exokernel/cpu/dispatch.hpp"

#include <algorithm>

#include "arch/machine.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/notification.hpp"
#include "exokernel/cpu/upcall.hpp"

namespace exo {
namespace {

LAMINA_AFTER_INIT DispatchOps ops;

/// Takes the CPU from the vCPU whose slice it is, and counts the time it ran.
void stop_running(CpuLocal& cpu, std::uint64_t now_ns) {
    if (cpu.running == nullptr) return;
    cpu.running->run_ns += now_ns - cpu.slice_start_ns;
    ops.refresh(cpu.running);
    cpu.running = nullptr;
}

void wake_due(CpuLocal& cpu, std::uint64_t now_ns) {
    while (Vcpu* vcpu = cpu.slices.due(now_ns))
        Notification::cancel_wait(*vcpu, lamina::Status::timed_out);
}

void arm(CpuLocal& cpu, std::uint64_t deadline_ns) {
    if (deadline_ns == cpu.timer_ns) return;
    cpu.timer_ns = deadline_ns;
    arch::arm_timer(deadline_ns);
}

/// The slice of a vCPU that could go on is over. True if it keeps the CPU: nobody else wants it, or
/// it is given its grace to say goodbye.
bool keeps_cpu(CpuLocal& cpu, Vcpu& vcpu, std::uint64_t now_ns) {
    if (!cpu.slices.others_ready(vcpu)) {
        cpu.slice_end_ns = now_ns + SliceVector::slice_ns;
        return true;
    }
    if (!cpu.in_grace && upcall_slice_end(vcpu)) {
        cpu.in_grace = true;
        cpu.slice_end_ns = now_ns + lamina::grace_ns;
        return true;
    }
    upcall_preempted(vcpu);
    return false;
}

/// Makes a vCPU's address space and extended state the ones in force.
void load(CpuLocal& cpu, Vcpu& vcpu) {
    if (cpu.loaded == &vcpu) return;
    if (cpu.loaded != nullptr) {
        Context& old = cpu.loaded->context;
        arch::save_extended(old.fs_base, old.gs_base, cpu.loaded->extended_state);
    }
    ++cpu.switches;
    cpu.loaded = &vcpu;
    if (arch::has_tlb_tags()) {
        const auto [tag, keep] = cpu.tlb_tags.choose(vcpu.env_id, vcpu.tlb_generation);
        arch::load_page_table(vcpu.address_space, tag, keep);
    } else {
        arch::load_page_table(vcpu.address_space);
    }
    arch::load_extended(vcpu.context.fs_base, vcpu.context.gs_base, vcpu.extended_state);
    load_upcalls(cpu, vcpu);
}

/// Halts until something may have become ready.
void idle(CpuLocal& cpu) {
    ops.refresh(nullptr);
    arm(cpu, cpu.slices.nearest_deadline());
    // A CPU that makes one of our vCPUs ready after this sends an interrupt, which ends the halt.
    unlock_kernel();
    arch::wait_for_interrupt();
    lock_kernel();
}

/// Uses a vCPU's slice for the kernel's own work, with room for interrupts after each step. Whether
/// that was a call of its own, which is done: the rest of the slice is for what comes after it.
bool work(Vcpu& vcpu, std::uint64_t end_ns) {
    for (;;) {
        const bool in_call = vcpu.state == VcpuState::in_call;
        if (ops.step(vcpu)) return in_call;
        unlock_kernel();
        arch::interrupt_window();
        lock_kernel();
        if (arch::now_ns() >= end_ns) return false;
    }
}

/// Gives a vCPU the CPU, in a slice of its own.
Vcpu& start(CpuLocal& cpu, Vcpu& vcpu, std::uint64_t now_ns, std::uint64_t end_ns) {
    cpu.running = &vcpu;
    cpu.slice_start_ns = now_ns;
    cpu.slice_end_ns = end_ns;
    cpu.in_grace = false;
    return vcpu;
}

/// The vCPU of the next slice, with that slice begun. Slices of the kernel's own work are used on
/// the way.
Vcpu& begin_slice(CpuLocal& cpu) {
    for (;;) {
        const std::uint64_t now_ns = arch::now_ns();
        const std::uint64_t end_ns = now_ns + SliceVector::slice_ns;
        wake_due(cpu, now_ns);
        Vcpu* vcpu = cpu.slices.next();
        if (vcpu == nullptr)
            idle(cpu);
        else if (vcpu->state == VcpuState::ready || work(*vcpu, end_ns))
            return start(cpu, *vcpu, now_ns, end_ns);
    }
}

}  // namespace

void set_dispatch_ops(const DispatchOps& given) { ops = given; }

void yield_slice() {
    CpuLocal& cpu = this_cpu();
    stop_running(cpu, arch::now_ns());
    cpu.must_dispatch = 1;
}

extern "C" Context* exo_dispatch() {
    CpuLocal& cpu = this_cpu();
    cpu.must_dispatch = 0;
    const std::uint64_t now_ns = arch::now_ns();
    wake_due(cpu, now_ns);
    Vcpu* vcpu = cpu.running;
    const bool goes_on = vcpu != nullptr && vcpu->state == VcpuState::ready &&
                         (now_ns < cpu.slice_end_ns || keeps_cpu(cpu, *vcpu, now_ns));
    if (!goes_on) {
        stop_running(cpu, now_ns);
        vcpu = &begin_slice(cpu);
    }
    load(cpu, *vcpu);
    if (vcpu->asked_frames != 0) [[unlikely]]
        upcall_reclaim(*vcpu);
    arm(cpu, std::min(cpu.slice_end_ns, cpu.slices.nearest_deadline()));
    cpu.context = &vcpu->context;
    unlock_kernel();
    LockOrder::validator().expect_none_held();
    return cpu.context;
}

}  // namespace exo
