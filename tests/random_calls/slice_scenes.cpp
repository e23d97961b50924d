// tests/random_calls/slice_scenes.cpp - scenes about slices.
#include "lamina/slice.hpp"
#include "tests/random_calls/scene_tools.hpp"
#include "tests/random_calls/scenes.hpp"
#include "tests/random_calls/stage.hpp"

namespace random_calls {

void use_slices(Caller& caller) {
    constexpr std::uint64_t length_ns = 2 * lamina::slice_ns_min;
    constexpr std::size_t slices_most = 16;
    const std::uint64_t cpu = caller.part().cpu;
    const std::uint64_t other = (cpu + 1) % caller.part().cpu_count;
    const std::uint64_t env =
        caller.value_of(Call::env_create, {account_handle, stage_address, name_bytes, 0, 0, cpu});
    const auto vcpu = caller.value_of(Call::vcpu_create, {env, account_handle, cpu});
    const auto far = caller.value_of(Call::slice_create, {account_handle, other, length_ns});
    for (const std::uint64_t bad : {lamina::slice_ns_min - 1, lamina::slice_ns_max + 1}) {
        caller.make(Call::slice_create, {account_handle, cpu, bad});
        caller.make(Call::slice_set, {vcpu, bad});
    }
    const auto copy = std::uint64_t(Rights::copy);
    const auto weak_slice = caller.value_of(Call::cap_derive, {far, copy});
    const auto weak_vcpu = caller.value_of(Call::cap_derive, {vcpu, copy});
    for (const std::uint64_t to : {other, cpu, std::uint64_t{caller.part().cpu_count}})
        caller.make(Call::vcpu_migrate, {vcpu, to});
    for (int i = 0; i < 2; ++i) {
        caller.make(Call::slice_set, {weak_vcpu, length_ns});
        caller.make(Call::slice_bind, {far, vcpu});
        caller.make(Call::slice_bind, {weak_slice, vcpu});
        caller.make(Call::vcpu_migrate, {weak_vcpu, cpu});
        caller.make(Call::vcpu_start, {weak_vcpu, stage_address, stage_address});
    }
    caller.make(Call::slice_bind, {far, 0});
    const auto made =
        repeat(caller, slices_most, Call::slice_create, {account_handle, cpu, length_ns});
    for (const std::uint32_t slice : made)
        caller.make(Call::slice_bind, {slice, vcpu});
    for (int i = 0; i < 3 && !made.empty(); ++i) {
        caller.make(Call::slice_bind, {made.front(), vcpu});
        caller.make(Call::slice_bind, {made.back(), vcpu});
        caller.make(Call::slice_info, {made[0], unmapped_address});
        caller.make(Call::slice_info, {made[0], lamina::user_end});
        caller.make(Call::vcpu_migrate, {vcpu, other});
    }
    caller.make(Call::slice_bind, {made.empty() ? 0 : made[0], 0});
    drop_all(caller, made);
    for (const std::uint64_t handle : {far, vcpu, weak_slice, weak_vcpu, std::uint32_t(env)})
        caller.make(Call::cap_drop, {handle});
}

void use_slices_of_ended(Caller& caller, std::uint64_t env, std::uint64_t vcpu) {
    const std::uint64_t slice = caller.value_of(
        Call::slice_create, {account_handle, caller.part().cpu, lamina::slice_ns_min});
    caller.make(Call::vcpu_migrate, {vcpu, 0});
    caller.make(Call::slice_bind, {slice, vcpu});
    for (const std::uint64_t object : {vcpu, env}) {
        caller.make(Call::slice_set, {object, lamina::slice_ns_min});
        caller.make(Call::slice_info, {object, output_page});
    }
    caller.make(Call::cap_drop, {slice});
}

}  // namespace random_calls
