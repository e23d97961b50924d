// tests/random_calls/refused_scene.cpp - calls with an object or a number that is refused.
#include "lamina/slice.hpp"
#include "tests/random_calls/scene_tools.hpp"
#include "tests/random_calls/scenes.hpp"
#include "tests/random_calls/stage.hpp"

namespace random_calls {

void be_refused(Caller& caller) {
    constexpr auto copy = std::uint64_t(Rights::copy);
    constexpr std::uint64_t page = stage_address;
    const auto note = caller.value_of(Call::notification_create, {account_handle});
    const auto mute = caller.value_of(Call::cap_derive, {note, copy});
    const auto poor = caller.value_of(Call::cap_derive, {account_handle, copy});
    const auto weak = caller.value_of(Call::cap_derive, {lamina::slots::vcpu, copy});
    const auto unplugged = caller.value_of(Call::cap_derive, {lamina::slots::machine, copy});
    caller.make(Call::notification_wait, {mute, 1, lamina::no_wait});
    caller.make(Call::vcpu_poke, {weak});
    caller.make(Call::vcpu_migrate, {note, caller.part().cpu});
    caller.make(Call::vcpu_resume, {unmapped_address});
    caller.make(Call::machine_power, {unplugged, 0, 0});
    caller.make(Call::machine_power, {note, 0, 0});
    for (const std::uint64_t account : {poor, note}) {
        caller.make(Call::account_create, {account, 1});
        caller.make(Call::account_time, {account, 0});
        caller.make(Call::slice_create, {account, caller.part().cpu, lamina::slice_ns_min});
        caller.make(Call::env_create, {account, page, name_bytes, 0, 0, 0});
    }
    caller.make(Call::account_create, {account_handle, 0});
    caller.make(Call::cap_move, {self_handle, note, lamina::slots::first_free});
    for (const std::uint64_t data : {unmapped_address, lamina::user_end}) {
        caller.make(Call::console_write, {lamina::slots::console, data, 1});
        caller.make(Call::console_read, {lamina::slots::console, data, 1});
    }
    constexpr auto read_only = std::uint64_t(lamina::Protection::read);
    caller.make(Call::frames_protect, {note, page, 1, read_only});
    caller.make(Call::frames_protect_list, {note, page, 1, read_only});
    caller.make(Call::frames_unmap, {note, page, 1});
    caller.make(Call::table_read, {note, page, 1, output_page});
    caller.make(Call::env_end, {note, 0});
    for (const std::uint32_t handle : {mute, note, poor, weak, unplugged})
        caller.make(Call::cap_drop, {handle});
}

}  // namespace random_calls
