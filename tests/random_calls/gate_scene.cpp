// tests/random_calls/gate_scene.cpp - calls through a gate, and vCPUs that cannot be yielded to.
#include <cstddef>

#include "tests/random_calls/scenes.hpp"
#include "tests/random_calls/stage.hpp"

// In entries.S: replies what it was called with.
extern "C" const std::byte random_calls_gate[];

namespace random_calls {

void pass_gates(Caller& caller) {
    constexpr int rounds = 4;
    constexpr auto copy = std::uint64_t(Rights::copy);
    // None of them goes before the caller's own end, so they are made once.
    static std::uint32_t gate = 0;
    static std::uint32_t activation = 0;
    static std::uint32_t spare = 0;
    const auto entry = reinterpret_cast<std::uint64_t>(random_calls_gate);
    if (gate == 0) gate = caller.value_of(Call::gate_create, {account_handle, entry});
    constexpr int attached = 150;
    for (int i = 0; i < attached && activation == 0; ++i) {
        const auto made =
            caller.value_of(Call::vcpu_create, {self_handle, account_handle, caller.part().cpu});
        caller.make(Call::gate_attach, {gate, made, entry});
        if (i + 1 == attached)
            activation = made;
        else if (i + 2 == attached)
            spare = made;
        else
            caller.make(Call::cap_drop, {made});
    }
    if (gate == 0 || activation == 0) return;
    const auto weak = caller.value_of(Call::cap_derive, {gate, copy});
    const auto weak_vcpu = caller.value_of(Call::cap_derive, {activation, copy});
    const auto empty = caller.value_of(Call::gate_create, {account_handle, entry});
    const std::uint64_t other_cpu = (caller.part().cpu + 1) % caller.part().cpu_count;
    const auto env =
        caller.value_of(Call::env_create, {account_handle, stage_address, 1, 0, 0, other_cpu});
    const auto others = caller.value_of(Call::vcpu_create, {env, account_handle, other_cpu});
    const auto note = caller.value_of(Call::notification_create, {account_handle});
    const auto mute = caller.value_of(Call::cap_derive, {note, copy});
    const auto run = caller.value_of(Call::frames_alloc, {account_handle, 1});
    const auto blind = caller.value_of(Call::cap_derive, {run, copy});
    lamina::VcpuEntries& entries = structures().told;
    entries.notified = stage_address;
    entries.notification = note;
    const auto told = reinterpret_cast<std::uint64_t>(&entries);
    const auto area = reinterpret_cast<std::uint64_t>(&structures().area);
    caller.make(Call::vcpu_bind, {spare, area, told});
    for (int i = 0; i < rounds; ++i) {
        caller.make(Call::notification_signal, {mute, 1});
        caller.make(Call::vcpu_bind, {weak_vcpu, 0, 0});
        caller.make(Call::vcpu_bind, {activation, area, told});
        caller.make(Call::predicate_wait, {set_predicate(blind, false), lamina::no_wait});
        caller.make(Call::cap_move, {note, mute});
        caller.make(Call::gate_attach, {gate, activation, ~std::uint64_t{0}});
        caller.make(Call::gate_attach, {gate, activation, entry});
        caller.make(Call::gate_attach, {gate, others, entry});
        caller.make(Call::gate_attach, {weak, activation, entry});
        caller.make(Call::gate_call, {gate, lamina::wait_forever, std::uint64_t(i)});
        caller.make(Call::gate_call, {gate, 1});
        caller.make(Call::gate_call, {empty, lamina::wait_forever});
        caller.make(Call::gate_call, {weak, lamina::wait_forever});
        caller.make(Call::gate_create, {account_handle, lamina::user_end});
        caller.make(Call::gate_return, {});
        caller.make(Call::vcpu_start, {weak_vcpu, stage_address, stage_address});
        caller.make(Call::vcpu_yield_to, {activation});
        caller.make(Call::vcpu_yield_to, {others});
        caller.make(Call::vcpu_yield_to, {weak_vcpu});
    }
    caller.make(Call::vcpu_bind, {spare, 0, 0});
    for (const std::uint32_t handle : {weak, weak_vcpu, empty, others, env, mute, note, blind, run})
        caller.make(Call::cap_drop, {handle});
}

}  // namespace random_calls
