// exokernel/syscall/gate_calls.cpp - system calls on gates.
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/cpu/gate.hpp"
#include "exokernel/cpu/switch.hpp"

#include "arch/machine.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {

Result<std::uint64_t> gate_create(handle account, user_address entry) {
    Env& env = caller();
    LAMINA_TRY(const Capability* cap, env.caps.lookup(account, ObjectType::account, Rights::spend));
    if (!lamina::in_user_half(entry, 1)) return lamina::fail(Status::bad_address);
    LAMINA_TRY(const FrameNumber frame,
               frames.alloc(FrameState::object, static_cast<Account*>(cap->object)));
    const auto place = env.caps.free_slot();
    if (!place) {
        frames.free(frame);
        return lamina::fail(place.error());
    }
    auto& made = *static_cast<Gate*>(FrameTable::contents(frame));
    made.type = ObjectType::gate;
    made.env_id = env.id;
    made.entry = entry;
    Capability given;
    given.type = ObjectType::gate;
    given.rights = Rights::manage | Rights::call | Rights::copy;
    given.object = &made;
    return std::uint64_t(env.caps.insert(**place, given, nullptr));
}

Result<std::uint64_t> gate_attach(handle gate, handle vcpu, user_address stack) {
    Env& env = caller();
    LAMINA_TRY(const Capability* cap, env.caps.lookup(gate, ObjectType::gate, Rights::manage));
    LAMINA_TRY(const Capability* serving, env.caps.lookup(vcpu, ObjectType::vcpu, Rights::manage));
    if (!lamina::in_user_half(stack, 0)) return lamina::fail(Status::bad_address);
    auto& served = static_cast<Gate&>(*cap->object);
    auto& activation = static_cast<Vcpu&>(*serving->object);
    if (served.env_id != env.id || (activation.env != nullptr && activation.env != &env))
        return lamina::fail(Status::bad_argument);
    if (activation.state >= VcpuState::ending) return lamina::fail(Status::ended);
    if (activation.state != VcpuState::created) return lamina::fail(Status::already_started);
    served.attach(activation, stack);
    return 0;
}

}  // namespace exo::calls

namespace exo {
namespace {

/// Why a gate cannot be called at this moment; ok if it can.
Status refusal(const Gate& gate, const Vcpu& vcpu, std::uint64_t& deadline_ns) {
    if (gate.free == nullptr) return gate.ended ? Status::ended : Status::busy;
    if (!chain_has_place(vcpu)) return Status::limit_reached;
    if (deadline_ns == lamina::wait_forever) return Status::ok;
    if (deadline_ns == 0) deadline_ns = this_cpu().slice_end_ns;
    return deadline_ns <= arch::now_ns() ? Status::timed_out : Status::ok;
}

/// Switches to the callee of a call.
[[gnu::always_inline]] inline Switched go_to(CpuLocal& cpu, Vcpu& caller, Vcpu& callee,
                                             const CapSlot& by) {
    exchange_state(caller, 0, 0, arch::initial_area.bytes());
    return {switch_to(cpu, callee), by.badge()};
}

/// exo_gate_call() with all that may be in its way. Needs: the kernel lock.
[[gnu::noinline]] Switched call_slowly(std::uint64_t gate, std::uint64_t deadline_ns) {
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *cpu.running;
    if (gate >> 32 != 0) return refuse(Status::bad_handle);
    const auto cap = vcpu.env->caps.lookup(Handle(gate), ObjectType::gate, Rights::call);
    if (!cap) return refuse(cap.error());
    auto& called = static_cast<Gate&>(*(*cap)->object);
    const Status problem = refusal(called, vcpu, deadline_ns);
    if (problem != Status::ok) return refuse(problem);
    // Another CPU may have ended the caller on its way in.
    if (vcpu.state != VcpuState::ready) return dispatch_instead();
    Vcpu& callee = called.call(vcpu, **cap);
    if (deadline_ns != lamina::wait_forever) set_deadline(vcpu, deadline_ns);
    return go_to(cpu, vcpu, callee, **cap);
}

/// An activation that nobody waits for any more, or a vCPU that is none. Needs: the kernel lock.
[[gnu::noinline]] Switched return_to_nobody(CpuLocal& cpu, Vcpu& vcpu) {
    if (vcpu.state == VcpuState::ready) return refuse(Status::bad_argument);
    if (vcpu.state == VcpuState::parked) {
        unload(cpu, vcpu);
        make_waiting(vcpu, lamina::wait_forever);
    }
    return dispatch_instead();
}

}  // namespace

extern "C" Switched exo_gate_call(std::uint64_t gate, std::uint64_t deadline_ns) {
    lock_kernel();
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *cpu.running;
    CapTable& caps = vcpu.env->caps;
    CapSlot* const cap = caps.find_again(caps.recent_gate, gate, ObjectType::gate, Rights::call);
    if (cap == nullptr || deadline_ns != lamina::wait_forever || vcpu.caller != nullptr ||
        vcpu.state != VcpuState::ready) [[unlikely]]
        return call_slowly(gate, deadline_ns);
    auto& called = static_cast<Gate&>(*cap->object);
    if (called.free == nullptr) [[unlikely]]
        return call_slowly(gate, deadline_ns);
    return go_to(cpu, vcpu, called.call(vcpu, *cap), *cap);
}

extern "C" Switched exo_gate_return() {
    lock_kernel();
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *cpu.running;
    // One that another CPU has ended on its way in has no gate either.
    if (vcpu.gate == nullptr) [[unlikely]]
        return return_to_nobody(cpu, vcpu);
    Vcpu* const caller = vcpu.gate->reply(vcpu);
    if (caller == nullptr) [[unlikely]]
        return return_to_nobody(cpu, vcpu);
    vcpu.loaded_on = nullptr;
    arch::load_area(caller->extended_state);
    return {switch_to(cpu, *caller), 0};
}

}  // namespace exo
