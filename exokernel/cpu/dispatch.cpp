// exokernel/cpu/dispatch.cpp - whose turn it is, and what is loaded for it.
#include "exokernel/cpu/dispatch.hpp"

#include <algorithm>

#include "arch/machine.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/cpu/bound_slices.hpp"
#include "exokernel/cpu/chain.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/switch.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/cpu/watch.hpp"

namespace exo {
namespace {

LAMINA_AFTER_INIT DispatchOps ops;
LAMINA_AFTER_INIT PhysAddr shared_kernel_root;

/// Takes the CPU from the vCPU that runs, and counts the time it ran.
void stop_running(CpuLocal& cpu, std::uint64_t now_ns) {
    if (cpu.running == nullptr) return;
    // Whoever gave it the slice pays: that is the same all through a chain.
    charge_time(cpu, *cpu.given_to, now_ns);
    ops.refresh(cpu.given_to);
    cpu.running = nullptr;
}

/// The slice is over, or given up. What was used after its end shortens the next ones.
void end_slice(CpuLocal& cpu, std::uint64_t now_ns) {
    if (cpu.slice != nullptr && now_ns > cpu.slice_end_ns)
        cpu.slice->excess_ns += now_ns - cpu.slice_end_ns;
    cpu.slice = nullptr;
}

void wake_due(CpuLocal& cpu, std::uint64_t now_ns) {
    while (const Deadline* due = cpu.deadlines.take_due(now_ns))
        come_due(*due);
}

void arm(CpuLocal& cpu, std::uint64_t deadline_ns) {
    if (deadline_ns == cpu.timer_ns) return;
    cpu.timer_ns = deadline_ns;
    arch::arm_timer(deadline_ns);
}

/// The slice of a vCPU that could go on is over. True if it keeps the CPU: nobody else wants it, or
/// it is given its grace to say goodbye.
bool keeps_cpu(CpuLocal& cpu, Vcpu& vcpu, std::uint64_t now_ns) {
    if (cpu.slice != nullptr && !cpu.slices.others_ready(*cpu.slice)) {
        charge_time(cpu, *cpu.given_to, now_ns);
        const std::uint64_t left_ns = cpu.slice->payer->time_left();
        if (left_ns != 0) {
            cpu.slice_end_ns = cpu.stop_ns = now_ns + std::min(cpu.slice->length_ns, left_ns);
            return true;
        }
    }
    if (cpu.stop_ns == cpu.slice_end_ns && upcall_slice_end(vcpu)) {
        cpu.stop_ns = now_ns + lamina::grace_ns;
        return true;
    }
    upcall_preempted(vcpu);
    return false;
}

/// Saves the state of the vCPU that is loaded.
void save_loaded(CpuLocal& cpu) {
    if (cpu.loaded == nullptr) return;
    save_state(*cpu.loaded);
    cpu.loaded = nullptr;
}

/// Makes a space the one in force; null: the kernel's own.
void load_space(CpuLocal& cpu, AddressSpace* space) {
    if (cpu.space == space) return;
    if (cpu.space != nullptr) leave_space(cpu);
    if (space != nullptr) return load_user_space(cpu, *space);
    settle_sections(cpu.space, nullptr);
    cpu.space = nullptr;
    arch::load_page_table(shared_kernel_root);
}

/// Makes a vCPU's address space and extended state the ones in force.
void load(CpuLocal& cpu, Vcpu& vcpu) {
    if (cpu.loaded == &vcpu) return;
    save_loaded(cpu);
    ++cpu.switches;
    load_space(cpu, vcpu.space);
    cpu.loaded = &vcpu;
    vcpu.loaded_on = &cpu;
    load_state(vcpu);
}

/// Puts away the vCPU that is loaded if another CPU needs its state, or nobody ever will.
void put_away_loaded(CpuLocal& cpu) {
    if (cpu.loaded == nullptr) return;
    if (base_of(*cpu.loaded).home == &cpu && cpu.loaded->state < VcpuState::ending) return;
    save_loaded(cpu);
    load_space(cpu, nullptr);
}

/// Halts until something may have become ready, or some time.
void idle(CpuLocal& cpu, std::uint64_t now_ns, std::uint64_t until_ns) {
    ops.refresh(nullptr);
    arm(cpu, std::min(until_ns, cpu.deadlines.nearest()));
    // A CPU that makes one of our vCPUs ready after this sends an interrupt, which ends the halt.
    unlock_kernel();
    arch::wait_for_interrupt();
    lock_kernel();
    cpu.idle_ns += arch::now_ns() - now_ns;
}

/// Lets interrupts in, and other CPUs into the kernel.
void let_others_in() {
    unlock_kernel();
    arch::interrupt_window();
    lock_kernel();
}

/// Uses a slice for the kernel's own work for a vCPU, with room for others after each step. Whether
/// that was a call of its own, which is done: the rest of the slice is for what comes after it.
bool work(CpuLocal& cpu, Vcpu& vcpu, std::uint64_t end_ns) {
    // The slice may have been taken away, and the chain cut.
    const auto is_tip_here = [&] {
        return cpu.slice != nullptr && &tip_of(*cpu.slice->vcpu) == &vcpu;
    };
    for (;;) {
        const bool in_call = vcpu.state == VcpuState::in_call;
        if (ops.step(vcpu)) return in_call && is_tip_here();
        let_others_in();
        const std::uint64_t now_ns = arch::now_ns();
        if (!is_tip_here()) return false;
        if (now_ns < end_ns) continue;
        if (vcpu.state == VcpuState::in_call) charge_time(cpu, *cpu.slice->vcpu, now_ns);
        return false;
    }
}

/// The time a slice has in its turn: its length less what it had too much before.
std::uint64_t time_of(Slice& slice) {
    const std::uint64_t less = std::min(slice.excess_ns, slice.length_ns);
    slice.excess_ns -= less;
    return slice.length_ns - less;
}

/// A vCPU runs in a slice of its chain from now on.
void run(CpuLocal& cpu, const Slice& slice, Vcpu& vcpu, std::uint64_t now_ns) {
    cpu.given_to = slice.vcpu;
    cpu.running = &vcpu;
    cpu.run_start_ns = now_ns;
}

/// Whether what a vCPU watches for holds in the turn of a slice of its chain; then it is ready. The
/// slice pays for the time that takes.
bool comes_true(CpuLocal& cpu, Slice& slice, Vcpu& vcpu, std::uint64_t now_ns) {
    const bool holds = watched_holds(vcpu);
    const std::uint64_t end_ns = arch::now_ns();
    cpu.slice = &slice;
    cpu.run_start_ns = now_ns;
    charge_time(cpu, *slice.vcpu, end_ns);
    cpu.slice = nullptr;
    slice.excess_ns += end_ns - now_ns;
    if (holds) (void)end_wait(vcpu, lamina::Status::ok);
    return holds;
}

/// The vCPU of the next slice, with that slice begun. Slices of the kernel's own work are used on
/// the way.
Vcpu& begin_slice(CpuLocal& cpu) {
    const Slice* in_vain = nullptr;  // the first of those that watch, if only such have come since
    for (;;) {
        const std::uint64_t now_ns = arch::now_ns();
        wake_due(cpu, now_ns);
        put_away_loaded(cpu);
        Slice* const slice = cpu.slices.next();
        if (slice == nullptr) {
            idle(cpu, now_ns, lamina::wait_forever);
            continue;
        }
        Vcpu& vcpu = tip_of(*slice->vcpu);
        if (vcpu.loaded_on != nullptr && vcpu.loaded_on != &cpu) {
            notify_cpu(vcpu.loaded_on);  // which puts it away
            let_others_in();
            in_vain = nullptr;
            continue;
        }
        const std::uint64_t left_ns =
            vcpu.state == VcpuState::ending ? slice_ns_max : slice->payer->time_left();
        if (left_ns == 0) {
            cpu.slices.set_lapsed(*slice);
            in_vain = nullptr;
            continue;
        }
        const std::uint64_t time_ns = std::min(time_of(*slice), left_ns);
        if (vcpu.state == VcpuState::watching && !comes_true(cpu, *slice, vcpu, now_ns)) {
            if (in_vain == nullptr) {
                in_vain = slice;
            } else if (in_vain == slice) {
                idle(cpu, now_ns, now_ns + slice_ns_default);
                in_vain = nullptr;
            }
            continue;
        }
        in_vain = nullptr;
        if (time_ns == 0) continue;
        cpu.slice = slice;
        cpu.slice_end_ns = cpu.stop_ns = now_ns + time_ns;
        cpu.run_start_ns = now_ns;
        if (vcpu.state == VcpuState::ready || work(cpu, vcpu, cpu.slice_end_ns)) {
            run(cpu, *slice, vcpu, now_ns);
            return vcpu;
        }
        cpu.slice = nullptr;
    }
}

/// Who goes on in the rest of the slice when the one that ran in it cannot: the chain that the
/// slice belongs to, if it has been cut or has yielded to one that waits now. Null: nobody.
Vcpu* rest_of_slice(CpuLocal& cpu, std::uint64_t now_ns) {
    if (cpu.slice == nullptr || now_ns >= cpu.slice_end_ns) return nullptr;
    Vcpu& vcpu = tip_of(*cpu.slice->vcpu);
    if (vcpu.state != VcpuState::ready) return nullptr;
    if (vcpu.loaded_on != nullptr && vcpu.loaded_on != &cpu) return nullptr;
    run(cpu, *cpu.slice, vcpu, now_ns);
    return &vcpu;
}

/// The end of every way out: what is due for the vCPU, the lock.
Context* leave_with(CpuLocal& cpu, Vcpu& vcpu) {
    if (vcpu.upcalls_due != 0) [[unlikely]]
        upcalls_due(vcpu);
    cpu.must_dispatch = 0;
    cpu.context = &vcpu.context;
    unlock_kernel();
    LockOrder::validator().expect_none_held();
    return cpu.context;
}

}  // namespace

void set_dispatch_ops(const DispatchOps& given) { ops = given; }

void set_kernel_root(PhysAddr root) { shared_kernel_root = root; }
PhysAddr kernel_root() { return shared_kernel_root; }

void unload(CpuLocal& cpu, Vcpu& vcpu) {
    if (cpu.loaded != &vcpu) return;
    cpu.loaded = nullptr;
    vcpu.loaded_on = nullptr;
    load_space(cpu, nullptr);
}

void set_deadline(Vcpu& vcpu, std::uint64_t deadline_ns) {
    CpuLocal& home = *base_of(vcpu).home;
    home.deadlines.add(vcpu.deadline, deadline_ns);
    if (&home != &this_cpu()) return notify_cpu(&home);
    arm(home, std::min(home.stop_ns, home.deadlines.nearest()));
}

void load_tagged(CpuLocal& cpu, AddressSpace& space) {
    const auto [tag, keep] = cpu.tlb_tags.choose(space.id, space.users.generation);
    arch::load_page_table(space.root(), tag, keep);
}

void interrupt_this_cpu() { arch::interrupt_cpu(this_cpu().apic_id); }

void yield_slice() {
    CpuLocal& cpu = this_cpu();
    const std::uint64_t now_ns = arch::now_ns();
    stop_running(cpu, now_ns);
    end_slice(cpu, now_ns);
    cpu.must_dispatch = 1;
}

extern "C" Context* exo_dispatch() {
    CpuLocal& cpu = this_cpu();
    const std::uint64_t now_ns = arch::now_ns();
    wake_due(cpu, now_ns);
    Vcpu* vcpu = cpu.running;
    const bool goes_on = vcpu != nullptr && vcpu->state == VcpuState::ready &&
                         &base_of(*vcpu) == cpu.given_to &&
                         (now_ns < cpu.stop_ns || keeps_cpu(cpu, *vcpu, now_ns));
    if (!goes_on) {
        stop_running(cpu, now_ns);
        vcpu = rest_of_slice(cpu, now_ns);
        if (vcpu == nullptr) {
            end_slice(cpu, now_ns);
            vcpu = &begin_slice(cpu);
        }
    }
    load(cpu, *vcpu);
    arm(cpu, std::min(cpu.stop_ns, cpu.deadlines.nearest()));
    return leave_with(cpu, *vcpu);
}

}  // namespace exo
