// exokernel/cpu/cpus.hpp - all CPUs the kernel runs on: the kernel lock, wake-ups, shoot-downs.
#pragma once

#include <cstdint>
#include <span>

#include "exokernel/cpu/cpu_local.hpp"
#include "exokernel/lock/lock_order.hpp"
#include "exokernel/memory/address_space.hpp"

namespace exo {

/// The CPUs that run, by index. They only grow, at boot.
std::span<CpuLocal* const> cpus();
void add_cpu(CpuLocal& cpu);
void remove_last_cpu();

/// A CPU other than this one looks at its slices soon. Null is none.
void notify_cpu(const CpuLocal* cpu);
/// Whether a vCPU that is the last of its chain has a use for a slice.
inline bool can_run(const Vcpu& vcpu) {
    return vcpu.state == VcpuState::ready || vcpu.state == VcpuState::watching ||
           vcpu.state == VcpuState::in_call || vcpu.state == VcpuState::ending;
}
/// The slices of the base of a chain count from their next turn on; its CPU is told.
void make_slices_ready(Vcpu& base);
/// A vCPU may run from the next turn of its chain's slices on, and has no deadline any more.
void make_ready(Vcpu& vcpu);
/// The slices of a vCPU's chain are skipped until make_ready(), which their CPU does after
/// `deadline_ns`.
void make_waiting(Vcpu& vcpu, std::uint64_t deadline_ns);

/// The CPUs other than this one that use entries of some page tables.
class CpuSet {
public:
    /// The page tables of a space have changed, and this CPU has dropped what it knew of them if
    /// they are loaded here. CPUs that have kept entries for when it is loaded again will not use
    /// them: they are of an older generation.
    void add(AddressSpace& space) {
        AddressSpace::Users& users = space.users;
        if ((users.kept & ~users.loaded) != 0) {
            ++users.generation;
            users.kept = users.loaded;
        }
        bits_ |= users.loaded & ~arch::cpu_bit();
    }
    /// What a CPU knows of the vCPU that is loaded there has changed.
    void add(const CpuLocal* cpu) {
        if (cpu != nullptr) bits_ |= cpu->bit & ~arch::cpu_bit();
    }
    std::uint64_t bits() const { return bits_; }

private:
    std::uint64_t bits_ = 0;
};

/// Page-table entries have changed: returns when none of these CPUs uses the old ones. Needs:
/// the kernel lock. It is safe to wait with it: a CPU answers in user mode by its interrupt, while
/// it spins for the lock by polling, and everywhere else it reaches one of the two in bounded time
/// without the lock.
void shoot_down(const CpuSet& set);
/// The same for one space.
LAMINA_KEEPS_REGISTERS void shoot_down(AddressSpace& space);
/// The same for the space that is loaded here.
inline void shoot_down_loaded(AddressSpace& space) {
    if (space.users.kept != arch::cpu_bit()) [[unlikely]]
        shoot_down(space);
}

/// Answers the shoot-downs asked of this CPU. Needs nothing.
void answer_shoot_downs();

/// Everything but what belongs to one CPU or to the vCPU it runs: capability tables, frames,
/// accounts, address spaces, slices, notifications, the console. Taken on the way in (system calls
/// that are not done by syscall/own_calls.hpp, exceptions the kernel handles, interrupts) and given
/// back on the way out or before the CPU halts. Outside of every other lock.
///
/// What an environment uses that runs on this CPU alone may also be used in CpuLocal::own
/// (docs/locks.md): who takes this lock has closed those sections of all other CPUs.
struct KernelLock {
    static constexpr Rank rank = Rank::device;
    static constexpr auto name = "kernel";
};
extern RankedLock<KernelLock> kernel_lock;

/// What lock_kernel() and unlock_kernel() do when somebody holds the lock, or is to hear of it.
/// They keep every register, so that a system call has nothing to save for the rare case.
LAMINA_KEEPS_REGISTERS void wait_for_kernel_lock();
LAMINA_KEEPS_REGISTERS void give_back_kernel_lock();

/// Takes the kernel lock for this CPU. Needs: it has it not. It is given back elsewhere than where
/// it was taken: the compiler cannot follow it, the validator does.
LAMINA_NOT_ANALYSED inline void lock_kernel() {
    if (lock_slowly || !kernel_lock.try_lock_unseen()) [[unlikely]]
        wait_for_kernel_lock();
}

/// Gives it back.
LAMINA_NOT_ANALYSED inline void unlock_kernel() {
    if (lock_slowly) [[unlikely]]
        return give_back_kernel_lock();
    kernel_lock.unlock_unseen();
}

/// The CPUs that have these spaces loaded are others than before: only one that is alone may use
/// what is its environment's in its own section. Null is none. Needs: the kernel lock. With one CPU
/// there is nothing to settle.
LAMINA_KEEPS_REGISTERS void settle_sections(const AddressSpace* left, const AddressSpace* entered);

}  // namespace exo
