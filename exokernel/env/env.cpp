// exokernel/env/env.cpp - creating, starting and ending environments.
#include "exokernel/env/env.hpp"

#include <algorithm>
#include <new>

#include "arch/machine.hpp"
#include "exokernel/core/after_init.hpp"
#include "exokernel/core/panic.hpp"
#include "exokernel/cpu/cpus.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/env/console.hpp"
#include "exokernel/env/info_pages.hpp"
#include "exokernel/env/long_call.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

LAMINA_AFTER_INIT PhysAddr shared_kernel_root;
std::uint64_t next_id = 1;

/// An environment's frames and space. Errors: quota_exceeded, out_of_frames; nothing changes.
Result<Env*> alloc_env(Account& account) {
    constexpr std::uint32_t frames_needed = 4;  // Env, Vcpu, root table, first page of the table
    LAMINA_CHECK(frames.check(frames_needed, account));
    Env& env = *new (FrameTable::contents(frames.get(FrameState::object, account))) Env(cap_ops);
    env.vcpu = static_cast<Vcpu*>(FrameTable::contents(frames.get(FrameState::object, account)));
    LAMINA_ASSERT(env.space.create(account, shared_kernel_root).has_value());
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
    vcpu.rights = Rights::manage | Rights::copy;
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

void set_kernel_root(PhysAddr root) { shared_kernel_root = root; }
PhysAddr kernel_root() { return shared_kernel_root; }

Result<Env*> create_env(const EnvRequest& request) {
    auto& account = static_cast<Account&>(*request.account.object);
    SliceVector& slices = cpus()[request.cpu]->slices;
    LAMINA_TRY(const std::uint32_t index, info_pages.free_index());
    if (slices.full()) return lamina::fail(Status::limit_reached);
    LAMINA_TRY(Env* const made, alloc_env(account));
    Env& env = *made;
    Vcpu& vcpu = *env.vcpu;
    LAMINA_ASSERT(slices.attach(vcpu).has_value());
    env.type = ObjectType::env;
    env.id = next_id++;
    env.index = index;
    env.account = &account;
    env.end_notification = request.notification;
    env.end_bits = request.bits;
    vcpu.type = ObjectType::vcpu;
    vcpu.references = 1;  // the environment's, until it has ended
    vcpu.env = &env;
    vcpu.address_space = env.space.root();
    vcpu.env_id = env.id;
    vcpu.state = VcpuState::created;
    arch::init_extended(vcpu.extended_state);
    env.report.env_id = env.id;
    std::copy_n(request.name.data(), request.name.size(), env.report.name);
    give_own_capabilities(env, request.account, request.payer);
    if (env.end_notification != nullptr) ++env.end_notification->references;
    info_pages.add_env(env, request.parent_id);
    return made;
}

Result<void> start_env(Env& env, std::uint64_t entry, std::uint64_t stack, std::uint64_t argument) {
    if (!env.alive()) return lamina::fail(Status::ended);
    if (env.vcpu->state != VcpuState::created) return lamina::fail(Status::already_started);
    Context& context = env.vcpu->context;
    context.rip = entry;
    context.rsp = stack;
    context.rdi = argument;
    context.rflags = USER_RFLAGS;
    env.vcpu->state = VcpuState::ready;
    ++env.references;
    make_ready(*env.vcpu);
    info_pages.set_state(env);
    return {};
}

Result<void> begin_end(Env& env, lamina::EndCause cause, std::uint32_t status) {
    if (!env.alive()) return lamina::fail(Status::ended);
    if (env.essential) panic(env.name(), " has ended: ", in_words(cause), ", status ", status);
    Vcpu& vcpu = *env.vcpu;
    CpuLocal& cpu = this_cpu();
    if (vcpu.state == VcpuState::waiting) Notification::cancel_wait(vcpu, Status::ended);
    if (vcpu.state == VcpuState::in_call) stop_long_call(vcpu);
    if (vcpu.state == VcpuState::created) ++env.references;
    env.report.cause = cause;
    env.report.status = status;
    vcpu.state = VcpuState::ending;
    make_ready(vcpu);
    if (cpu.running == &vcpu) cpu.must_dispatch = 1;
    info_pages.set_state(env);
    return {};
}

bool end_step(Env& env) {
    constexpr std::uint32_t caps_at_once = 16;
    constexpr std::uint32_t entries_at_once = 512;
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *env.vcpu;
    if (cpu.loaded == &vcpu) {
        cpu.loaded = nullptr;
        arch::load_page_table(shared_kernel_root);
    }
    console.forget(env);
    unbind_area(vcpu);
    if (!env.caps.drop_some(caps_at_once)) return false;
    if (!env.space.clear_some(entries_at_once)) return false;

    env.caps.destroy();
    env.space.destroy();
    info_pages.remove_env(env);
    vcpu.slices->detach(vcpu);
    vcpu.state = VcpuState::ended;
    vcpu.env = nullptr;
    env.vcpu = nullptr;
    release_object(vcpu);
    if (env.end_notification != nullptr) {
        env.end_notification->signal(env.end_bits);
        release_object(*env.end_notification);
    }
    release_object(env);
    return true;
}

}  // namespace exo
