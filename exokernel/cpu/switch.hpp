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

/// Makes a space the one in force. Needs: the one before was left.
[[gnu::always_inline]] inline void load_user_space(CpuLocal& cpu, AddressSpace& space) {
    const std::uint64_t bit = cpu.bit;
    cpu.space = &space;
    space.users.loaded |= bit;
    space.users.kept |= bit;
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
    // Without an area all entries are zero.
    if (vcpu.area != nullptr || cpu.area != nullptr) load_upcalls(cpu, vcpu);
    if (vcpu.upcalls_due != 0) [[unlikely]]
        interrupt_this_cpu();
    cpu.context = &vcpu.context;
    unlock_kernel();
    return &vcpu.context;
}

/// Puts the extended state of the vCPU that is loaded away.
[[gnu::always_inline]] inline void save_state(Vcpu& vcpu) {
    Context& context = vcpu.context;
    arch::save_extended(context.fs_base, context.gs_base, vcpu.extended_state);
    vcpu.loaded_on = nullptr;
}
/// Loads that of another.
[[gnu::always_inline]] inline void load_state(const Vcpu& vcpu) {
    const Context& context = vcpu.context;
    arch::load_extended(context.fs_base, context.gs_base, vcpu.extended_state);
}

// The calls that switch, in the table of calls by entry.S. Each returns the context that goes on,
// or null: then dispatch must follow (must_dispatch), or the caller goes on with its own context,
// where the result is.
extern "C" Context* exo_gate_call(std::uint64_t gate, std::uint64_t deadline_ns, std::uint64_t w0,
                                  std::uint64_t w1, std::uint64_t w2, std::uint64_t w3);
extern "C" Context* exo_gate_return(std::uint64_t none, std::uint64_t none_too, std::uint64_t w0,
                                    std::uint64_t w1, std::uint64_t w2, std::uint64_t w3);
extern "C" Context* exo_yield_to(std::uint64_t vcpu);

/// A switching call that changes nothing.
inline Context* refuse(Vcpu& vcpu, lamina::Status status) {
    vcpu.set_result(status, 0);
    unlock_kernel();
    return nullptr;
}
/// One that another CPU made void on its way in, by the end of the caller.
inline Context* dispatch_instead() {
    this_cpu().must_dispatch = 1;
    return nullptr;
}

}  // namespace exo
