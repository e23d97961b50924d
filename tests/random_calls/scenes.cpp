// tests/random_calls/scenes.cpp - states in which calls fail that hardly ever fail by chance.
#include "tests/random_calls/scenes.hpp"

#include <algorithm>

#include "lamina/report.hpp"
#include "lamina/slice.hpp"
#include "libos/info/info.hpp"
#include "tests/random_calls/scene_tools.hpp"
#include "tests/random_calls/stage.hpp"

namespace random_calls {
namespace {

namespace sys = libos::sys;
using lamina::page_size;

/// Where nothing is mapped but by a scene.
constexpr std::uint64_t list_address = 0x5300'0000'0000;
constexpr std::uint64_t large_address = 0x5400'0000'0000;
constexpr std::uint64_t poor_address = 0x5500'0000'0000;

constexpr std::uint64_t status_max = 255;
constexpr auto copy_right = std::uint64_t(Rights::copy);
constexpr auto read_only = std::uint64_t(lamina::Protection::read);

/// A puppet of this CPU that is idle: itself, or a new one. False if there can be none.
bool make_ready(Caller& caller, Puppet& puppet, std::uint64_t frames) {
    if (await(caller, puppet)) return true;
    caller.end(puppet);
    return caller.raise(puppet, frames, caller.part().cpu);
}

constexpr std::uint64_t mate_frames = 200;
constexpr std::uint64_t poor_frames = 60;
constexpr std::uint64_t hoarder_frames = 100;

/// A list of one range after the other, from an address on.
std::uint64_t list_of_pages(std::uint64_t address) {
    for (std::uint64_t& range : structures().ranges) {
        range = address;
        address += page_size;
    }
    return reinterpret_cast<std::uint64_t>(structures().ranges);
}

/// The number of a frame that was free a moment ago; 0 if there is none.
std::uint64_t free_frame(Caller& caller) {
    const auto run = caller.value_of(Call::frames_alloc, {account_handle, 64});
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(lamina::Handle(run), &info);
    caller.make(Call::cap_drop, {run});
    return info.first_frame;
}

/// Calls by a capability that has a revoked parent, for as long as that goes on.
void use_while_revoked(Caller& caller, std::uint32_t child, bool account) {
    const auto derive = [&] {
        const Reply made = caller.make(Call::cap_derive, {child, copy_right});
        if (made.status == Status::ok) caller.make(Call::cap_drop, {std::uint32_t(made.value)});
        return made.status;
    };
    if (!until(Status::busy, derive)) return;
    for (int i = 0; i < tries; ++i) {
        caller.make(Call::cap_derive, {child, copy_right});
        caller.make(Call::cap_copy, {self_handle, child, copy_right});
        if (account) {
            caller.make(Call::env_create, {child, stage_address, name_bytes, 0, 0, 0});
            continue;
        }
        caller.make(Call::frames_map,
                    {self_handle, child, 0, 1, random_page(caller.choices()), read_only});
        caller.make(Call::frames_map_list,
                    {self_handle, child, 0, list_of_pages(list_address), 1, read_only});
        caller.make(Call::predicate_wait, {set_predicate(child, false), lamina::no_wait});
    }
}

}  // namespace

bool await(Caller& caller, Puppet& puppet) {
    constexpr int turns_max = 1000;
    for (int turn = 0; turn < turns_max; ++turn) {
        if (puppet.state == Puppet::State::gone) return false;
        if (caller.listen(puppet)) return true;
        (void)sys::vcpu_yield();
    }
    return false;
}

std::uint64_t frames_left(std::uint32_t account) {
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(lamina::Handle(account), &info);
    return info.count - info.used;
}

void start_anew(Caller& caller) {
    caller.sweep();
    const Part& part = caller.part();
    caller.raise(caller.mate, mate_frames, part.cpu);
    caller.raise(caller.far, mate_frames, (part.cpu + 1) % part.cpu_count);
    caller.raise(caller.poor, poor_frames, part.cpu);
    caller.raise(caller.hoarder, hoarder_frames, part.cpu);
}

void fill_own_table(Caller& caller) {
    const std::uint64_t free = free_frame(caller);
    const auto pair = caller.value_of(Call::frames_alloc, {account_handle, 2});
    const auto filled =
        repeat(caller, caller.spare().size(), Call::cap_derive, {account_handle, copy_right});
    for (int i = 0; i < 10 * tries && !filled.empty(); ++i) {
        caller.make(Call::cap_derive, {filled[0], copy_right});
        caller.make(Call::cap_copy, {self_handle, filled[0], copy_right});
        caller.make(Call::cap_move, {self_handle, filled[0]});
        caller.make(Call::account_create, {account_handle, 1});
        caller.make(Call::frames_alloc, {account_handle, 1 + caller.choices().below(4)});
        caller.make(Call::env_create, {account_handle, stage_address, name_bytes, 0, 0, 0});
        caller.make(Call::notification_create, {account_handle});
        caller.make(Call::gate_create, {account_handle, stage_address});
        caller.make(Call::vcpu_create, {self_handle, account_handle, 0});
        caller.make(Call::vcpu_create, {self_handle, account_handle, caller.part().cpu_count});
        caller.make(Call::slice_create, {account_handle, 0, lamina::slice_ns_min});
        caller.make(Call::frames_alloc_at, {account_handle, free + std::uint64_t(i % 60), 1});
        caller.make(Call::frames_split, {pair, 1});
    }
    drop_all(caller, filled);
    caller.make(Call::cap_drop, {pair});
}

void revoke_much(Caller& caller) {
    constexpr std::size_t children = 160;
    const bool account = caller.choices().percent(50);
    if (!make_ready(caller, caller.mate, mate_frames)) return;
    const auto root =
        caller.value_of(account ? Call::account_create : Call::frames_alloc, {account_handle, 20});
    if (root == 0) return;
    const auto rights =
        std::uint64_t(account ? Rights::copy | Rights::spend : Rights::copy | Rights::read);
    const auto made = repeat(caller, children, Call::cap_derive, {root, rights});
    const auto moved = caller.value_of(Call::cap_move, {caller.mate.env, root});
    bool revoked = false;
    if (moved != 0 && made.size() == children &&
        caller.tell(caller.mate, Call::cap_revoke, {moved})) {
        use_while_revoked(caller, made.back(), account);
        revoked = await(caller, caller.mate);
    }
    if (!revoked) drop_all(caller, made);
    if (moved == 0) caller.make(Call::cap_drop, {root});
}

void wait_together(Caller& caller) {
    if (!make_ready(caller, caller.mate, mate_frames)) return;
    const auto note = caller.value_of(Call::notification_create, {account_handle});
    if (note == 0) return;
    const auto rights = std::uint64_t(Rights::wait | Rights::copy);
    const auto theirs = caller.value_of(Call::cap_copy, {caller.mate.env, note, rights});
    if (theirs != 0 &&
        caller.tell(caller.mate, Call::notification_wait, {theirs, 1, lamina::wait_forever})) {
        until(Status::busy, [&] {
            return caller.make(Call::notification_wait, {note, 2, lamina::no_wait}).status;
        });
        if (caller.choices().percent(20))
            caller.make(Call::notification_signal, {note, 1});
        else
            caller.make(Call::cap_revoke, {note});
        await(caller, caller.mate);
    }
    caller.make(Call::cap_drop, {note});
}

void watch_what_goes(Caller& caller) {
    if (!make_ready(caller, caller.mate, mate_frames)) return;
    const auto run = caller.value_of(Call::frames_alloc, {account_handle, 1});
    if (run == 0) return;
    for (int i = 0; i < tries; ++i) {
        const auto theirs =
            caller.value_of(Call::cap_copy, {caller.mate.env, run, std::uint64_t(Rights::read)});
        const Words wait = {set_predicate(theirs, false), lamina::wait_forever};
        if (theirs == 0 || !caller.tell(caller.mate, Call::predicate_wait, wait)) break;
        // Once it has read what to wait for.
        for (int turn = 0; turn < 3; ++turn)
            (void)sys::vcpu_yield();
        caller.make(Call::cap_revoke, {run});
        if (!await(caller, caller.mate)) break;
    }
    caller.make(Call::cap_drop, {run});
}

void visit_the_ended(Caller& caller) {
    const Words create = {account_handle, stage_address, name_bytes, 0, 0, 0};
    const std::uint64_t env = caller.value_of(Call::env_create, create);
    if (env == 0) return;
    const std::uint64_t weak = caller.value_of(Call::cap_derive, {env, copy_right});
    const std::uint64_t own = caller.value_of(Call::cap_derive, {account_handle, copy_right});
    const std::uint64_t page = random_page(caller.choices());
    const auto vcpu = caller.value_of(Call::vcpu_create, {env, account_handle, 0});
    const auto second = caller.value_of(Call::vcpu_create, {env, account_handle, 0});
    caller.make(Call::vcpu_start, {second, page, page});
    const auto gate = caller.value_of(Call::gate_create, {account_handle, page});
    caller.make(Call::env_end, {env, status_max + 1});
    caller.make(Call::env_end, {env, 0});
    await_end(std::uint32_t(env));
    for (int i = 0; i < 3; ++i) {
        caller.make(Call::env_end, {env, 0});
        caller.make(Call::env_end, {weak, 0});
        caller.make(Call::env_report, {env, output_page});
        caller.make(Call::env_report, {env, unmapped_address});
        caller.make(Call::env_report, {env, lamina::user_end});
        caller.make(Call::env_report, {weak, output_page});
        caller.make(Call::env_start, {env, page, page});
        caller.make(Call::vcpu_create, {env, account_handle, 0});
        caller.make(Call::vcpu_create, {weak, account_handle, 0});
        caller.make(Call::vcpu_start, {vcpu, page, page});
        caller.make(Call::gate_attach, {gate, vcpu, page});
        use_slices_of_ended(caller, env, vcpu);
        caller.make(Call::vcpu_start, {lamina::slots::vcpu, page, page});
        caller.make(Call::cap_copy, {env, own, copy_right});
        caller.make(Call::cap_move, {env, own});
        caller.make(Call::frames_map, {env, caller.mate.mail_run, 0, 1, page, read_only});
        caller.make(Call::frames_unmap, {env, page, 1});
        caller.make(Call::frames_protect, {env, page, 1, read_only});
        caller.make(Call::frames_map_list,
                    {env, caller.mate.mail_run, 0, list_of_pages(list_address), 1, read_only});
        caller.make(Call::table_read, {env, page, 1, output_page});
        caller.make(Call::frames_unmap_list, {env, list_of_pages(list_address), 1});
        caller.make(Call::frames_protect_list, {env, list_of_pages(list_address), 1, read_only});
        for (const std::uint64_t name : {unmapped_address, lamina::user_end, structure_page})
            caller.make(Call::env_create, {account_handle, name, name_bytes, 0, 0, 0});
    }
    for (const std::uint64_t handle :
         {env, weak, own, std::uint64_t{vcpu}, std::uint64_t{second}, std::uint64_t{gate}})
        caller.make(Call::cap_drop, {handle});
}

void press_the_poor(Caller& caller) {
    if (!make_ready(caller, caller.poor, poor_frames)) return;
    const std::uint64_t env = caller.poor.env;
    const std::uint64_t account = caller.poor.account;
    const auto pair = caller.value_of(Call::frames_alloc, {account_handle, 2});
    const auto theirs = caller.value_of(Call::cap_move, {env, pair});
    // Nothing is left of its account, then nothing of its table.
    const auto rest = frames_left(caller.poor.account);
    const auto kept = rest != 0 ? caller.value_of(Call::frames_alloc, {account, rest}) : 0;
    const Words copy = {env, account_handle, copy_right};
    while (caller.make(Call::cap_copy, copy).status == Status::ok)
        ;
    const auto own = caller.value_of(Call::cap_derive, {account_handle, copy_right});
    for (int i = 0; i < tries; ++i) {
        caller.make(Call::cap_copy, copy);
        caller.make(Call::cap_move, {env, own});
        caller.make(Call::frames_map, {env, caller.poor.mail_run, 0, 1, poor_address, read_only});
        caller.make(Call::frames_map_list,
                    {env, caller.poor.mail_run, 0, list_of_pages(poor_address), 1, read_only});
        caller.make(Call::account_create, {account, 1});
        caller.make(Call::frames_alloc, {account, 1});
        caller.make(Call::env_create, {account, stage_address, name_bytes, 0, 0, 0});
        caller.make(Call::notification_create, {account});
        caller.make(Call::gate_create, {account, stage_address});
        caller.make(Call::vcpu_create, {env, account, 0});
        caller.make(Call::slice_create, {account, 0, lamina::slice_ns_min});
        if (await(caller, caller.poor))
            caller.tell(caller.poor, Call::cap_derive, {account_handle, copy_right});
        if (await(caller, caller.poor)) caller.tell(caller.poor, Call::frames_split, {theirs, 1});
    }
    if (await(caller, caller.poor)) caller.tell(caller.poor, Call::cap_drop, {theirs});
    await(caller, caller.poor);
    caller.make(Call::cap_drop, {own});
    if (kept != 0) caller.make(Call::cap_drop, {kept});
}

void press_the_hoarder(Caller& caller) {
    const std::uint64_t env = caller.hoarder.env;
    if (env == 0) return;
    const Words copy = {env, account_handle, copy_right};
    while (caller.make(Call::cap_copy, copy).status == Status::ok)
        ;
    const auto own = caller.value_of(Call::cap_derive, {account_handle, copy_right});
    for (int i = 0; i < tries; ++i) {
        caller.make(Call::cap_copy, copy);
        caller.make(Call::cap_move, {env, own});
    }
    caller.make(Call::cap_drop, {own});
}

void nest_accounts(Caller& caller) {
    constexpr std::uint64_t frames = 200;
    const auto spare = caller.spare();
    std::size_t count = 0;
    std::uint64_t parent = account_handle;
    // Each costs its parent its limit and a frame.
    for (std::uint64_t limit = frames; limit > 2; limit -= 2) {
        spare[count] = caller.value_of(Call::account_create, {parent, limit});
        if (spare[count] == 0) break;
        parent = spare[count++];
    }
    for (int i = 0; i < tries; ++i)
        caller.make(Call::account_create, {parent, 1});
    drop_all(caller, spare.first(count));
}

void ask_back(Caller& caller) {
    constexpr std::uint64_t run_frames = 2;
    constexpr std::uint64_t limit = 20;
    const std::uint64_t purse = caller.value_of(Call::account_create, {account_handle, limit});
    if (purse == 0) return;
    const std::uint64_t env =
        caller.value_of(Call::env_create, {purse, stage_address, name_bytes, 0, 0, 0});
    const std::uint64_t given = caller.value_of(Call::frames_alloc, {purse, run_frames});
    const std::uint64_t taken = caller.value_of(Call::frames_alloc, {purse, run_frames});
    constexpr std::uint64_t env_frames = 4;
    const std::uint64_t free = limit - env_frames - 2 * run_frames;
    const Words ask = {purse, env, free + run_frames, lamina::wait_forever, 0, 0};
    caller.make(Call::account_reclaim, {purse, env, 0});
    caller.make(Call::account_reclaim, {purse, self_handle, 1});
    caller.make(Call::account_reclaim, ask);
    caller.make(Call::account_reclaim, {purse, env, 1, 0, 0, 0});
    caller.make(Call::account_repossess, {purse, self_handle});
    caller.make(Call::account_repossess, {purse, env});
    if (given != 0) caller.make(Call::cap_drop, {given});
    caller.make(Call::account_reclaim, {purse, env, run_frames, 0, 0, 0});
    caller.make(Call::account_repossess, {purse, env});
    lamina::CapInfo info = {};
    (void)sys::cap_inspect(lamina::Handle(std::uint32_t(env)), &info);
    caller.make(Call::account_end, {purse, info.id, status_max + 1});
    caller.make(Call::account_end, {purse, info.id, 1});
    caller.make(Call::account_end, {purse, info.id, 1});
    for (const std::uint64_t handle : {taken, env, purse})
        if (handle != 0) caller.make(Call::cap_drop, {handle});
}

void read_tables(Caller& caller) {
    constexpr std::uint64_t level_max = 4;
    for (std::uint64_t level = 0; level <= level_max + 1; ++level)
        caller.make(Call::table_read, {0, list_address, level, output_page});
}

void cut_runs(Caller& caller) {
    constexpr std::uint64_t frames = 4;
    const std::uint64_t run = caller.value_of(Call::frames_alloc, {account_handle, frames});
    if (run == 0) return;
    for (int i = 0; i < 2; ++i) {
        const std::uint64_t rest = caller.value_of(Call::frames_split, {run, 2});
        caller.make(Call::frames_merge, {rest, run});
        caller.make(Call::frames_merge, {run, rest});
    }
    const auto all = std::uint64_t(Rights::all);
    const std::uint64_t weak = caller.value_of(Call::cap_derive, {run, all & 7 & ~copy_right});
    caller.make(Call::frames_split, {weak, 1});
    caller.make(Call::frames_merge, {weak, run});
    caller.make(Call::frames_split, {run, 1});
    for (const std::uint64_t handle : {weak, run})
        caller.make(Call::cap_drop, {handle});
    const std::uint64_t number = free_frame(caller);
    const Words again = {account_handle, number, 2};
    const std::uint64_t there = caller.value_of(Call::frames_alloc_at, again);
    caller.make(Call::frames_alloc_at, again);
    if (there != 0) caller.make(Call::cap_drop, {there});
}

void map_lists(Caller& caller) {
    constexpr std::uint64_t count = 4;
    const std::uint64_t run = caller.value_of(Call::frames_alloc, {account_handle, count});
    if (run == 0) return;
    const std::uint64_t list = list_of_pages(list_address);
    const Words map = {self_handle, run, 0, list, count, read_only};
    for (int i = 0; i < 2; ++i)
        caller.make(Call::frames_map_list, map);
    caller.make(Call::frames_map_list, {self_handle, run, 0, unmapped_address, 1, read_only});
    caller.make(Call::frames_protect_list, {self_handle, list, count, read_only});
    for (int i = 0; i < 2; ++i)
        caller.make(Call::frames_unmap_list, {self_handle, list, count});
    caller.make(Call::frames_protect_list, {self_handle, list, count, read_only});
    caller.make(Call::cap_drop, {run});
}

void map_large_page(Caller& caller) {
    constexpr std::uint64_t frames = 512;
    const std::uint64_t run = caller.value_of(Call::frames_alloc, {account_handle, frames});
    if (run == 0) return;
    const auto large = read_only | std::uint64_t(lamina::Protection::size_2m);
    const auto mapped =
        caller.make(Call::frames_map, {self_handle, run, 0, frames, large_address, large});
    const std::uint64_t list = list_of_pages(large_address);
    for (int i = 0; i < tries / 3 && mapped.status == Status::ok; ++i) {
        caller.make(Call::frames_unmap, {self_handle, large_address, 1});
        caller.make(Call::frames_protect, {self_handle, large_address, 1, read_only});
        caller.make(Call::frames_unmap_list, {self_handle, list, 1});
        caller.make(Call::frames_protect_list, {self_handle, list, 1, read_only});
    }
    caller.make(Call::frames_unmap, {self_handle, large_address, frames});
    caller.make(Call::cap_drop, {run});
}

void crowd(Caller& caller) {
    const auto all = repeat(caller, caller.spare().size(), Call::env_create,
                            {account_handle, stage_address, name_bytes, 0, 0, caller.part().cpu});
    for (int i = 0; i < 10 * tries; ++i)
        caller.make(Call::env_create, {account_handle, stage_address, name_bytes, 0, 0, 0});
    // As many slices as a CPU has are more than there can be environments on it.
    constexpr int vcpus_most = 200;
    const std::uint64_t other = (caller.part().cpu + 1) % caller.part().cpu_count;
    const Words far = {all.empty() ? 0 : all[0], account_handle, other};
    const auto moved = caller.value_of(Call::vcpu_create, far);
    const Words vcpu = {all.empty() ? 0 : all[0], account_handle, caller.part().cpu};
    for (int i = 0; i < vcpus_most && !all.empty(); ++i)
        if (const auto made = caller.value_of(Call::vcpu_create, vcpu); made != 0)
            caller.make(Call::cap_drop, {made});
    for (int i = 0; i < 10 * tries; ++i) {
        caller.make(Call::slice_create, {account_handle, caller.part().cpu, lamina::slice_ns_min});
        caller.make(Call::vcpu_migrate, {moved, caller.part().cpu});
    }
    caller.make(Call::cap_drop, {moved});
    drop_all(caller, all);
    lamina::InfoPage info;
    while (libos::read_info(info) && info.env_count > lamina::env_count_max / 2)
        (void)sys::vcpu_yield();
}

void break_up_memory(Caller& caller) {
    constexpr std::uint64_t longest = lamina::pages_per_call_max;
    const auto runs = repeat(caller, caller.spare().size(), Call::frames_alloc,
                             {account_handle, longest / 2 + 1});
    for (int i = 0; i < 10 * tries; ++i)
        caller.make(Call::frames_alloc,
                    {account_handle, longest - caller.choices().below(longest / 2)});
    drop_all(caller, runs);
}

}  // namespace random_calls
