// exokernel/syscall/gate_calls.cpp - system calls on gates.
#include "exokernel/cpu/gate.hpp"

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

Result<std::uint64_t> gate_call(handle gate, word deadline_ns, word w0, word w1, word w2, word w3) {
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *cpu.running;
    LAMINA_TRY(CapSlot* const cap, vcpu.env->caps.lookup(gate, ObjectType::gate, Rights::call));
    auto& called = static_cast<Gate&>(*cap->object);
    if (called.free == nullptr) [[unlikely]]
        return lamina::fail(called.ended ? Status::ended : Status::busy);
    if (!chain_has_place(vcpu)) [[unlikely]]
        return lamina::fail(Status::limit_reached);
    if (deadline_ns != lamina::wait_forever) [[unlikely]] {
        if (deadline_ns == 0) deadline_ns = cpu.slice_end_ns;
        if (deadline_ns <= arch::now_ns()) return lamina::fail(Status::timed_out);
    }
    cpu.must_dispatch = 1;
    // Another CPU may have ended the caller on its way in: it neither calls nor goes on.
    if (vcpu.state == VcpuState::ready) [[likely]]
        called.call(vcpu, *cap, deadline_ns, {w0, w1, w2, w3});
    return 0;  // replaced by the reply, or by whoever ends the call
}

Result<std::uint64_t> gate_return(word none, word none_too, word w0, word w1, word w2, word w3) {
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *cpu.running;
    if ((none | none_too) != 0) return lamina::fail(Status::bad_argument);
    // Another CPU may have ended it on its way in, and then it has no gate any more.
    if (vcpu.state != VcpuState::ready) [[unlikely]] {
        cpu.must_dispatch = 1;
        return 0;
    }
    if (vcpu.gate == nullptr) return lamina::fail(Status::bad_argument);
    Gate::reply(vcpu, {w0, w1, w2, w3});
    return 0;
}

}  // namespace exo::calls
