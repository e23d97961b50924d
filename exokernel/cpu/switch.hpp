// exokernel/cpu/switch.hpp - the short way from one vCPU to another, which decides nothing.
#pragma once

#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/upcall.hpp"

namespace exo {

// What is rare on the short way keeps all registers, so that this has none to save.

/// Loads a space with the tag that its entries in this CPU's TLB have.
LAMINA_KEEPS_REGISTERS void load_tagged(CpuLocal& cpu, AddressSpace& space);
/// What is due for the vCPU that is to run comes by an interrupt of this CPU.
LAMINA_KEEPS_REGISTERS void interrupt_this_cpu();

/// A CPU uses the space that it has loaded no more; another is loaded next.
inline void leave_space(CpuLocal& cpu) { cpu.space->users.loaded ^= cpu.bit; }

/// Makes a space the one in force. Needs: the one before, if there was one, was left.
[[gnu::always_inline]] inline void load_user_space(CpuLocal& cpu, AddressSpace& space) {
    const std::uint64_t bit = cpu.bit;
    const AddressSpace* const before = cpu.space;
    cpu.space = &space;
    space.users.loaded |= bit;
    space.users.kept |= bit;
    if (lock_slowly) [[unlikely]]
        settle_sections(before, &space);
    if (arch::has_tlb_tags()) return load_tagged(cpu, space);
    arch::load_page_table(space.root());
}

/// The last part of a direct switch, after the extended state: the vCPU runs in the slice that runs
/// now, and the timer and whose time it is stay as they are. Gives the kernel lock back, and
/// returns the vCPU's context.
[[gnu::always_inline]] inline Context* switch_to(CpuLocal& cpu, Vcpu& vcpu) {
    ++cpu.switches;
    if (cpu.space != vcpu.space) [[likely]] {
        leave_space(cpu);
        load_user_space(cpu, *vcpu.space);
    }
    cpu.loaded = cpu.running = &vcpu;
    vcpu.loaded_on = &cpu;
    if (vcpu.upcalls_due != 0) [[unlikely]]
        interrupt_this_cpu();
    cpu.context = &vcpu.context;
    unlock_kernel();
    return &vcpu.context;
}

/// Puts the extended state of the vCPU that is loaded away.
inline void save_state(Vcpu& vcpu) {
    Context& context = vcpu.context;
    arch::save_extended(context.fs_base, context.gs_base, vcpu.extended_state);
    vcpu.loaded_on = nullptr;
}
/// Loads that of another.
inline void load_state(const Vcpu& vcpu) {
    const Context& context = vcpu.context;
    arch::load_extended(context.fs_base, context.gs_base, vcpu.extended_state);
}
/// Both, the other being loaded with these bases and this area.
[[gnu::always_inline]] inline void exchange_state(Vcpu& vcpu, std::uint64_t fs_base,
                                                  std::uint64_t gs_base, const std::byte* area) {
    Context& context = vcpu.context;
    arch::exchange_extended(context.fs_base, context.gs_base, vcpu.extended_state, fs_base, gs_base,
                            area);
    vcpu.loaded_on = nullptr;
}

// The calls through gates, which entry.S has in the table of calls by ways of its own. The words
// stay in registers that they leave alone.

/// Who goes on, and another word for the way out. Nobody: the caller, with this word as the result,
/// or whom dispatch picks (must_dispatch).
struct Switched {
    Context* next;
    std::uint64_t word;
};
/// The word is the badge.
extern "C" Switched exo_gate_call(std::uint64_t gate, std::uint64_t deadline_ns);
extern "C" Switched exo_gate_return();

/// A call that does not switch; it gives the kernel lock back.
inline Switched refuse(lamina::Status status) {
    unlock_kernel();
    return {nullptr, std::uint64_t(status)};
}
/// One that another CPU made void on its way in, by the end of the caller.
inline Switched dispatch_instead() {
    this_cpu().must_dispatch = 1;
    return {nullptr, 0};
}

}  // namespace exo
