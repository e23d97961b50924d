// tests/random_calls/server_scenes.cpp - scenes with a puppet that serves calls, waits where memory
// is asked for, and collects it: in no other is a call ended by what happens to somebody else.
#include "lamina/slice.hpp"
#include "tests/random_calls/scene_tools.hpp"
#include "tests/random_calls/scenes.hpp"
#include "tests/random_calls/stage.hpp"

namespace random_calls {
namespace {

constexpr std::uint64_t server_frames = 200;
constexpr auto copy_right = std::uint64_t(Rights::copy);
constexpr auto call_right = std::uint64_t(Rights::call);

/// Most calls within one another: with the free activation that one more needs.
constexpr int activations = 16 + 1;

bool raise_server(Caller& caller) {
    return caller.raise(caller.server, server_frames, caller.part().cpu);
}

/// Has the server make a call, and waits for it. False if it does not return ok.
bool have(Caller& caller, Call call, const Words& words) {
    Puppet& server = caller.server;
    return caller.tell(server, call, words) && await(caller, server) && server.mail->status == 0;
}

/// The value of a call that the server made, or 0.
std::uint32_t have_value(Caller& caller, Call call, const Words& words) {
    return have(caller, call, words) ? std::uint32_t(caller.server.mail->value) : 0;
}

/// What calls through the server's gate do from now on.
void set_deed(Caller& caller, Call call, std::uint64_t word, std::uint64_t next) {
    caller.server.mail->deed = {libos::sys::tagged(call), word, next, 0};
}

/// A gate, by the server's handle and by the caller's.
struct ServedGate {
    std::uint32_t theirs = 0;
    std::uint32_t ours = 0;
};

/// A gate of the server with its activations. For a moment the server may give the caller
/// capabilities.
ServedGate open_gate(Caller& caller) {
    ServedGate made;
    made.theirs = have_value(caller, Call::gate_create,
                             {account_handle, puppet_code_at(random_calls_puppet_serves)});
    for (int i = 0; i < activations; ++i) {
        const auto vcpu =
            have_value(caller, Call::vcpu_create, {self_handle, account_handle, caller.part().cpu});
        if (!have(caller, Call::gate_attach, {made.theirs, vcpu, puppet_deed_address})) return {};
    }
    constexpr auto manage = std::uint64_t(Rights::manage);
    const auto self = caller.value_of(Call::cap_derive, {self_handle, manage | copy_right});
    const auto parent = caller.value_of(Call::cap_copy, {caller.server.env, self, manage});
    made.ours = have_value(caller, Call::cap_copy, {parent, made.theirs, call_right | copy_right});
    caller.make(Call::cap_revoke, {self});
    caller.make(Call::cap_drop, {self});
    return made;
}

/// Each activation calls the next one: limit_reached.
void call_too_deep(Caller& caller, const ServedGate& gate) {
    set_deed(caller, Call::gate_call, gate.theirs, lamina::wait_forever);
    for (int i = 0; i < tries; ++i) {
        const Reply reply = caller.make(Call::gate_call, {gate.ours, lamina::wait_forever});
        if (reply.status == Status::ok)
            caller.count(Call::gate_call, {gate.theirs, lamina::wait_forever}, Status(reply.value));
    }
}

/// The server revokes what the caller calls it by: revoked.
void call_by_what_goes(Caller& caller, const ServedGate& gate) {
    for (int i = 0; i < tries; ++i) {
        const auto root = caller.value_of(Call::cap_derive, {gate.ours, call_right | copy_right});
        const auto used = caller.value_of(Call::cap_derive, {root, call_right});
        const auto theirs = caller.value_of(Call::cap_move, {caller.server.env, root});
        set_deed(caller, Call::cap_revoke, theirs, 0);
        caller.make(Call::gate_call, {used, lamina::wait_forever});
    }
}

/// The server waits: for a notification, or for a predicate of a run.
bool have_wait(Caller& caller, bool for_bits, std::uint64_t note, std::uint64_t run) {
    Puppet& server = caller.server;
    if (for_bits)
        return caller.tell(server, Call::notification_wait, {note, 1, lamina::wait_forever});
    return caller.tell(server, Call::predicate_wait,
                       {set_predicate(run, false), lamina::wait_forever});
}

}  // namespace

void call_the_server(Caller& caller) {
    if (!raise_server(caller)) return;
    const ServedGate gate = open_gate(caller);
    if (gate.ours != 0) {
        call_too_deep(caller, gate);
        call_by_what_goes(caller, gate);
        set_deed(caller, Call::env_end, self_handle, 1);
        caller.make(Call::gate_call, {gate.ours, lamina::wait_forever});
    }
    caller.end(caller.server);
    if (gate.ours == 0) return;
    for (int i = 0; i < tries; ++i)
        caller.make(Call::gate_call, {gate.ours, lamina::wait_forever});
    caller.make(Call::cap_drop, {gate.ours});
}

void ask_who_waits(Caller& caller) {
    Puppet& server = caller.server;
    if (!raise_server(caller)) return;
    const auto note = caller.value_of(Call::notification_create, {account_handle});
    const auto run = caller.value_of(Call::frames_alloc, {account_handle, 1});
    const auto their_note =
        caller.value_of(Call::cap_copy, {server.env, note, std::uint64_t(Rights::wait)});
    const auto their_run =
        caller.value_of(Call::cap_copy, {server.env, run, std::uint64_t(Rights::read)});
    // What it gives back each time.
    const auto kept = repeat(caller, 2 * tries, Call::frames_alloc, {server.account, 1});
    std::size_t given = 0;
    const Words entries = {lamina::slots::vcpu, puppet_area_address, puppet_entries_address};
    if (their_note != 0 && their_run != 0 && have(caller, Call::vcpu_bind, entries)) {
        while (given < kept.size()) {
            const bool for_bits = given % 2 == 0;
            if (!have_wait(caller, for_bits, their_note, their_run)) break;
            int turns = 0;
            until(Status::busy, [&] {
                // By then it has begun to wait for a predicate.
                if (!for_bits) return ++turns == 10 ? Status::busy : Status::ok;
                return caller.make(Call::notification_wait, {note, 2, lamina::no_wait}).status;
            });
            const std::uint64_t count = frames_left(server.account) + 1;
            caller.make(Call::account_reclaim,
                        {server.account, server.env, count, lamina::wait_forever, 0, 0});
            caller.make(Call::cap_drop, {kept[given++]});
            if (!await(caller, server)) break;
        }
    }
    drop_all(caller, kept.subspan(given));
    for (const std::uint32_t handle : {note, run})
        caller.make(Call::cap_drop, {handle});
    caller.end(server);
}

void collect_together(Caller& caller) {
    Puppet& server = caller.server;
    if (!raise_server(caller)) return;
    // So short that its call takes several.
    caller.make(Call::slice_set, {server.env, lamina::slice_ns_min});
    constexpr std::uint64_t limit = 20;
    const std::uint64_t purse = caller.value_of(Call::account_create, {account_handle, limit});
    const std::uint64_t env =
        caller.value_of(Call::env_create, {purse, stage_address, name_bytes, 0, 0, 0});
    // All of it: what the kernel has used of it cannot be taken, and is looked for for long.
    caller.make(Call::account_reclaim, {purse, env, limit, 0, 0, 0});
    const std::uint64_t their_purse =
        caller.value_of(Call::cap_copy, {server.env, purse, std::uint64_t(Rights::reclaim)});
    const std::uint64_t their_env =
        caller.value_of(Call::cap_copy, {server.env, env, std::uint64_t(Rights::manage)});
    if (caller.tell(server, Call::account_repossess, {their_purse, their_env})) {
        // In its first turn it begins. If it has not, the caller collects alone, for as long.
        Status seen = Status::ok;
        for (int turn = 0; turn < 3 && seen != Status::busy; ++turn) {
            (void)libos::sys::vcpu_yield();
            seen = caller.make(Call::account_repossess, {purse, env}).status;
        }
        for (int i = 0; i < tries && seen == Status::busy; ++i)
            seen = caller.make(Call::account_repossess, {purse, env}).status;
        await(caller, server);
    }
    caller.end(server);
    for (const std::uint64_t handle : {env, purse})
        caller.make(Call::cap_drop, {handle});
}

}  // namespace random_calls
