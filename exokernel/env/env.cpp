// exokernel/env/env.cpp - creating, starting and ending environments.
#include "exokernel/env/env.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "arch/machine.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/bound_slices.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/cpu/gate.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/env/console.hpp"
#include "exokernel/env/info_pages.hpp"
#include "exokernel/env/long_call.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

std::uint64_t next_id = 1;

/// Makes the vCPU in a frame of its own. Needs: frames.check() and check_slice() said so.
Vcpu& place_vcpu(Env& env, Account& account, CpuLocal& home) {
    Vcpu& vcpu = *static_cast<Vcpu*>(FrameTable::contents(frames.get(FrameState::object, account)));
    vcpu.type = ObjectType::vcpu;
    vcpu.references = 1;
    vcpu.env = &env;
    vcpu.space = &env.space;
    vcpu.home = &home;
    vcpu.slice.vcpu = &vcpu;
    vcpu.slice.length_ns = slice_ns_default;
    vcpu.deadline.vcpu = vcpu.timer.vcpu = &vcpu;
    attach_slice(vcpu.slice, account, home);
    vcpu.context.cs = USER_CODE;
    vcpu.context.ss = USER_DATA;
    arch::init_extended(vcpu.extended_state);
    return vcpu;
}

/// An environment's frames, space and first vCPU. Errors: quota_exceeded, out_of_frames; nothing
/// changes. Needs: check_slice().
Result<Env*> alloc_env(Account& account, CpuLocal& home) {
    constexpr std::uint32_t frames_needed = 4;  // Env, Vcpu, root table, first page of the table
    LAMINA_CHECK(frames.check(frames_needed, account));
    Env& env = *new (FrameTable::contents(frames.get(FrameState::object, account))) Env(cap_ops);
    env.vcpu = &place_vcpu(env, account, home);
    LAMINA_ASSERT(env.space.create(account, kernel_root()).has_value());
    LAMINA_ASSERT(env.caps.create(account).has_value());
    return &env;
}

/// Fills the slots every environment starts with.
void give_own_capabilities(Env& env, Capability account, CapSlot* payer) {
    // Who takes memory back is above it, or it would be its own judge.
    account.rights = Rights(std::uint32_t(account.rights) & ~std::uint32_t(Rights::reclaim));
    const auto fill = [&](std::uint32_t slot, const Capability& given, Link* head) {
        env.caps.insert(**env.caps.fixed_slot(slot), given, head);
    };
    Capability self;
    self.type = ObjectType::env;
    self.counted = false;
    self.rights = Rights::all;
    self.object = &env;
    fill(lamina::slots::self, self, nullptr);
    fill(lamina::slots::account, account, payer != nullptr ? &payer->children : nullptr);
    Capability vcpu;
    vcpu.type = ObjectType::vcpu;
    vcpu.rights = Rights::manage | Rights::signal | Rights::call | Rights::copy;
    vcpu.object = env.vcpu;
    fill(lamina::slots::vcpu, vcpu, nullptr);
}

std::string_view in_words(lamina::EndCause cause) {
    switch (cause) {
        case lamina::EndCause::exited: return "it exited";
        case lamina::EndCause::killed: return "it was ended";
        case lamina::EndCause::faulted: return "an exception";
        case lamina::EndCause::foreign_while_disabled: return "a foreign call while disabled";
        case lamina::EndCause::revoked: return "its vCPU area was revoked";
    }
    return "no known cause";
}

}  // namespace

Result<Env*> create_env(const EnvRequest& request) {
    auto& account = static_cast<Account&>(*request.account.object);
    CpuLocal& home = *cpus()[request.cpu];
    LAMINA_TRY(const std::uint32_t index, info_pages.free_index());
    LAMINA_CHECK(check_slice(account, home));
    LAMINA_TRY(Env* const made, alloc_env(account, home));
    Env& env = *made;
    env.type = ObjectType::env;
    env.id = env.space.id = next_id++;
    show_slice(env.vcpu->slice);
    env.index = index;
    env.account = &account;
    if (account.spender == nullptr) account.spender = &env;
    env.end_notification = request.notification;
    env.end_bits = request.bits;
    env.report.env_id = env.id;
    std::copy_n(request.name.data(), request.name.size(), env.report.name);
    give_own_capabilities(env, request.account, request.payer);
    if (env.end_notification != nullptr) ++env.end_notification->references;
    info_pages.add_env(env, request.parent_id);
    return made;
}

Result<Vcpu*> create_vcpu(Env& env, Account& account, CpuLocal& home) {
    LAMINA_CHECK(check_slice(account, home));
    LAMINA_CHECK(frames.check(1, account));
    Vcpu& vcpu = place_vcpu(env, account, home);
    vcpu.next = std::exchange(env.vcpu->next, &vcpu);
    return &vcpu;
}

Result<void> start_vcpu(Vcpu& vcpu, std::uint64_t entry, std::uint64_t stack,
                        std::uint64_t argument) {
    if (vcpu.state >= VcpuState::ending) return lamina::fail(Status::ended);
    if (vcpu.state != VcpuState::created) return lamina::fail(Status::already_started);
    Env& env = *vcpu.env;
    vcpu.context.rip = entry;
    vcpu.context.rsp = stack;
    vcpu.context.rdi = argument;
    vcpu.context.rflags = USER_RFLAGS;
    vcpu.state = VcpuState::ready;
    if (!std::exchange(env.started, true)) ++env.references;
    make_ready(vcpu);
    info_pages.set_state(env);
    return {};
}

namespace {

/// Whatever a vCPU is doing, it will do no more, and its slice is there to take it down.
void begin_end(Vcpu& vcpu) {
    vcpu.timer.cancel();
    (void)end_wait(vcpu, Status::ended);
    if (vcpu.state == VcpuState::in_call) stop_long_call(vcpu);
    if (Gate* const gate = vcpu.gate; gate != nullptr && Gate::detach(vcpu)) destroy_object(*gate);
    vcpu.state = VcpuState::ending;
    make_ready(vcpu);
    if (this_cpu().running == &vcpu) this_cpu().must_dispatch = 1;
}

/// Frees a vCPU, but for the capabilities that refer to it.
void retire(Vcpu& vcpu) {
    while (vcpu.slice.next != nullptr)
        unbind_slice(*vcpu.slice.next);
    detach_slice(vcpu.slice);
    vcpu.state = VcpuState::ended;
    vcpu.env = nullptr;
    release_object(vcpu);
}

/// Frees one of several; the first one goes on when it is alone.
void retire_other(Env& env, Vcpu& vcpu) {
    Vcpu** at = &env.vcpu->next;
    while (*at != &vcpu)
        at = &(*at)->next;
    *at = vcpu.next;
    retire(vcpu);
    if (env.vcpu->next == nullptr) make_ready(*env.vcpu);
}

}  // namespace

Result<void> begin_end(Env& env, lamina::EndCause cause, std::uint32_t status) {
    if (!env.alive()) return lamina::fail(Status::ended);
    if (env.essential) panic(env.name(), " has ended: ", in_words(cause), ", status ", status);
    if (!std::exchange(env.started, true)) ++env.references;
    env.report.cause = cause;
    env.report.status = status;
    env.ending = true;
    for (Vcpu* vcpu = env.vcpu; vcpu != nullptr; vcpu = vcpu->next)
        begin_end(*vcpu);
    if (env.vcpu->next != nullptr) make_waiting(*env.vcpu, lamina::wait_forever);
    info_pages.set_state(env);
    return {};
}

bool end_step(Vcpu& vcpu) {
    constexpr std::uint32_t caps_at_once = 16;
    constexpr std::uint32_t entries_at_once = 512;
    Env& env = *vcpu.env;
    unload(this_cpu(), vcpu);
    unbind_area(vcpu);
    if (&vcpu != env.vcpu) {
        retire_other(env, vcpu);
        return true;
    }
    if (vcpu.next != nullptr) return true;
    LAMINA_ASSERT(env.space.users.loaded == 0);
    console.forget(env);
    if (!env.caps.drop_some(caps_at_once)) return false;
    if (!env.space.clear_some(entries_at_once)) return false;

    env.caps.destroy();
    env.space.destroy();
    if (env.account->spender == &env) env.account->spender = nullptr;
    info_pages.remove_env(env);
    env.vcpu = nullptr;
    retire(vcpu);
    if (env.end_notification != nullptr) {
        env.end_notification->signal(env.end_bits);
        release_object(*env.end_notification);
    }
    release_object(env);
    return true;
}

}  // namespace exo
