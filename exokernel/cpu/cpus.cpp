// exokernel/cpu/cpus.cpp - the kernel lock, and what one CPU asks of another.
#include "exokernel/cpu/cpus.hpp"

#include <bit>

#include "arch/machine.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/chain.hpp"
#include "exokernel/cpu/upcall.hpp"

namespace exo {

constinit RankedLock<KernelLock> kernel_lock;

KernelPlatform::Stack& KernelPlatform::held() { return this_cpu().held_locks; }
void KernelPlatform::relax() {
    answer_shoot_downs();
    arch::relax();
}

namespace {

LAMINA_AFTER_INIT CpuLocal* all_cpus[cpus_max] = {};
LAMINA_AFTER_INIT std::uint32_t cpu_count = 0;

}  // namespace

std::span<CpuLocal* const> cpus() { return {all_cpus, cpu_count}; }

LAMINA_NOT_ANALYSED void wait_for_kernel_lock() {
    const CpuLocal& mine = this_cpu();
    LAMINA_ASSERT(!mine.own.is_inside());
    kernel_lock.lock();
    for (CpuLocal* const cpu : cpus())
        if (cpu != &mine) cpu->own.close(OwnSection::lock_held);
    OwnSection::settle();
    for (const CpuLocal* const cpu : cpus())
        while (cpu->own.is_inside())
            arch::relax();
}

LAMINA_NOT_ANALYSED void give_back_kernel_lock() {
    const CpuLocal& mine = this_cpu();
    for (CpuLocal* const cpu : cpus())
        if (cpu != &mine) cpu->own.open(OwnSection::lock_held);
    kernel_lock.unlock();
}

void settle_sections(const AddressSpace* left, const AddressSpace* entered) {
    for (const AddressSpace* const space : {left, entered}) {
        const std::uint64_t loaded = space != nullptr ? space->users.loaded : 0;
        const bool alone = (loaded & (loaded - 1)) == 0;
        for (std::uint64_t bits = loaded; bits != 0; bits &= bits - 1) {
            OwnSection& section = all_cpus[std::countr_zero(bits)]->own;
            if (alone)
                section.open(OwnSection::not_alone);
            else
                section.close(OwnSection::not_alone);
        }
    }
}

void add_cpu(CpuLocal& cpu) {
    LAMINA_ASSERT(cpu_count < cpus_max);
    cpu.index = cpu_count;
    cpu.bit = 1ULL << cpu_count;
    all_cpus[cpu_count++] = &cpu;
    lock_slowly |= cpu_count > 1;
}

void remove_last_cpu() { --cpu_count; }

void notify_cpu(const CpuLocal* cpu) {
    if (cpu != nullptr && cpu != &this_cpu()) arch::interrupt_cpu(cpu->apic_id);
}

void make_slices_ready(Vcpu& base) {
    for (Slice* slice = &base.slice; slice != nullptr; slice = slice->next)
        slice->vector->set_ready(*slice);
    notify_cpu(base.home);
}

void make_ready(Vcpu& vcpu) {
    vcpu.deadline.cancel();
    make_slices_ready(base_of(vcpu));
}

void make_waiting(Vcpu& vcpu, std::uint64_t deadline_ns) {
    Vcpu& base = base_of(vcpu);
    for (Slice* slice = &base.slice; slice != nullptr; slice = slice->next)
        slice->vector->set_waiting(*slice);
    if (deadline_ns == lamina::wait_forever) return;
    base.home->deadlines.add(vcpu.deadline, deadline_ns);
    notify_cpu(base.home);  // it is another CPU if a chain was cut and this one has not heard yet
}

void shoot_down(AddressSpace& space) {
    CpuSet set;
    set.add(space);
    if (set.bits() != 0) shoot_down(set);
}

void shoot_down(const CpuSet& set) {
    std::uint64_t wanted[cpus_max];
    for (std::uint64_t left = set.bits(); left != 0; left &= left - 1) {
        CpuLocal& cpu = *all_cpus[std::countr_zero(left)];
        wanted[cpu.index] = cpu.flushes_wanted.fetch_add(1, std::memory_order_acq_rel) + 1;
        arch::interrupt_cpu(cpu.apic_id);
    }
    for (std::uint64_t left = set.bits(); left != 0; left &= left - 1) {
        const CpuLocal& cpu = *all_cpus[std::countr_zero(left)];
        while (cpu.flushes_done.load(std::memory_order_acquire) < wanted[cpu.index]) {
            answer_shoot_downs();
            arch::relax();
        }
    }
}

void answer_shoot_downs() {
    CpuLocal& cpu = this_cpu();
    const std::uint64_t wanted = cpu.flushes_wanted.load(std::memory_order_acquire);
    if (cpu.flushes_done.load(std::memory_order_relaxed) == wanted) return;
    arch::flush_tlb();
    // The area of the vCPU may have been taken away.
    if (cpu.loaded != nullptr) show_upcalls(*cpu.loaded);
    cpu.flushes_done.store(wanted, std::memory_order_release);
}

}  // namespace exo
