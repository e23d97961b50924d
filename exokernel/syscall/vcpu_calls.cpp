// exokernel/syscall/vcpu_calls.cpp - system calls on vCPUs.
#include "arch/machine.hpp"
#include "exokernel/cpu/chain.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/cpu/switch.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/env/revoke.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/memory/user_memory.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {
namespace {

/// Entries that the kernel will load into rip and rsp must not fault there.
Result<void> check_entries(const lamina::VcpuEntries& entries) {
    for (const std::uint64_t address :
         {entries.run, entries.trap, entries.slice_end, entries.foreign, entries.stack,
          entries.resume_start, entries.resume_end, entries.reclaim, entries.timer,
          entries.notified})
        if (address != 0 && !lamina::in_user_half(address, 0))
            return lamina::fail(Status::bad_address);
    if (entries.resume_end < entries.resume_start ||
        (entries.notified == 0) != (entries.notification == 0))
        return lamina::fail(Status::bad_argument);
    return {};
}

/// The capability for what a vCPU is to be told of; null: nothing. Errors: bad_handle, wrong_type,
/// missing_right, busy (another vCPU is told, or it is being revoked).
Result<CapSlot*> told_of(const Vcpu& vcpu, std::uint64_t notification) {
    if (notification == 0) return nullptr;
    if (notification >> 32 != 0) return lamina::fail(Status::bad_handle);
    LAMINA_TRY(CapSlot* const cap,
               caller().caps.lookup(handle(notification), ObjectType::notification, Rights::wait));
    const Vcpu* const told = static_cast<const Notification*>(cap->object)->told;
    if ((told != nullptr && told != &vcpu) || being_revoked(*cap))
        return lamina::fail(Status::busy);
    return cap;
}

/// The flags a user context may have: what POPF at privilege level 3 can change, interrupts on.
constexpr std::uint64_t user_flags(std::uint64_t wanted) {
    constexpr std::uint64_t changeable = 0x24'4dd5;  // ID AC NT OF DF TF SF ZF AF PF CF
    return (wanted & changeable) | USER_RFLAGS;
}

}  // namespace

Result<std::uint64_t> vcpu_create(handle_or_null env, handle account, word cpu) {
    LAMINA_TRY(Env* const target, managed(env));
    // Another CPU may have ended the caller on its way in.
    if (!target->alive()) return lamina::fail(Status::ended);
    CapTable& caps = caller().caps;
    LAMINA_TRY(const Capability* cap, caps.lookup(account, ObjectType::account, Rights::spend));
    if (cpu >= cpus().size()) return lamina::fail(Status::bad_argument);
    auto& payer = static_cast<Account&>(*cap->object);
    LAMINA_TRY(CapSlot* const place, caps.free_slot());
    const auto made = create_vcpu(*target, payer, *cpus()[cpu]);
    if (!made) {
        caps.shrink();
        return lamina::fail(made.error());
    }
    Capability given;
    given.type = ObjectType::vcpu;
    given.rights = Rights::manage | Rights::signal | Rights::call | Rights::copy;
    given.object = *made;
    return std::uint64_t(caps.insert(*place, given, nullptr));
}

Result<std::uint64_t> vcpu_start(handle vcpu, user_address entry, user_address stack,
                                 word argument) {
    LAMINA_TRY(const Capability* cap, caller().caps.lookup(vcpu, ObjectType::vcpu, Rights::manage));
    if (!lamina::in_user_half(entry, 1) || !lamina::in_user_half(stack, 0))
        return lamina::fail(Status::bad_address);
    LAMINA_CHECK(start_vcpu(static_cast<Vcpu&>(*cap->object), entry, stack, argument));
    return 0;
}

Result<std::uint64_t> vcpu_bind(handle vcpu, user_address area, user_address entries) {
    Env& env = caller();
    LAMINA_TRY(const Capability* cap, env.caps.lookup(vcpu, ObjectType::vcpu, Rights::manage));
    auto& bound = static_cast<Vcpu&>(*cap->object);
    if (bound.env != &env) return lamina::fail(Status::bad_argument);
    if (area == 0) {
        unbind_area(bound);
        reload_upcalls(bound);
        return 0;
    }
    if (area % lamina::vcpu_area_alignment != 0 ||
        area % page_size > page_size - sizeof(lamina::VcpuArea))
        return lamina::fail(Status::bad_address);
    LAMINA_CHECK(
        UserRange::check(env.space, area, sizeof(lamina::VcpuArea), true, env.failed_address));
    LAMINA_TRY(const UserRange range,
               UserRange::check(env.space, entries, sizeof(lamina::VcpuEntries), false,
                                env.failed_address));
    lamina::VcpuEntries given;
    range.copy_in(&given);
    LAMINA_CHECK(check_entries(given));
    LAMINA_TRY(CapSlot* const by, told_of(bound, given.notification));

    std::byte* alias = env.space.find(area, true);
    bind_area(bound, reinterpret_cast<lamina::VcpuArea*>(alias), FrameTable::frame_at(alias),
              env.space.link_of(area));
    bound.entries = given;
    if (by != nullptr) static_cast<Notification*>(by->object)->tell(bound, *by);
    reload_upcalls(bound);
    return 0;
}

Result<std::uint64_t> vcpu_resume(user_address context) {
    Env& env = caller();
    LAMINA_TRY(const UserRange range,
               UserRange::check(env.space, context, sizeof(lamina::SavedContext), false,
                                env.failed_address));
    lamina::SavedContext given;
    range.copy_in(&given);
    if (!lamina::in_user_half(given.rip, 1)) return lamina::fail(Status::bad_address);
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *cpu.running;
    vcpu.context = {given.rax,
                    given.rbx,
                    given.rcx,
                    given.rdx,
                    given.rsi,
                    given.rdi,
                    given.rbp,
                    given.r8,
                    given.r9,
                    given.r10,
                    given.r11,
                    given.r12,
                    given.r13,
                    given.r14,
                    given.r15,
                    given.rip,
                    vcpu.context.cs,
                    user_flags(given.rflags),
                    given.rsp,
                    vcpu.context.ss,
                    vcpu.context.fs_base,
                    vcpu.context.gs_base,
                    vcpu.context.upcalls,
                    vcpu.context.start_rip,
                    vcpu.context.start_rsp};
    if (vcpu.area != nullptr) vcpu.area->disabled = 0;
    cpu.must_dispatch = DISPATCH_CONTEXT_COMPLETE;
    return 0;
}

Result<std::uint64_t> vcpu_yield() {
    yield_slice();
    return 0;
}

Result<std::uint64_t> vcpu_timer(word deadline_ns) {
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *cpu.running;
    vcpu.timer.cancel();
    vcpu.upcalls_due &= ~lamina::pending_timer;
    cpu.must_dispatch = 1;
    // Another CPU may have ended the caller on its way in.
    if (deadline_ns == lamina::wait_forever || vcpu.state != VcpuState::ready) return 0;
    vcpu.home->deadlines.add(vcpu.timer, deadline_ns);
    notify_cpu(vcpu.home);
    return 0;
}

}  // namespace exo::calls

namespace exo {
namespace {

/// A call that does not switch; it gives the kernel lock back.
CallResult stay(Status status) {
    unlock_kernel();
    return {std::uint64_t(status), 0};
}

/// Gives the rest of the slice to the last of a vCPU's chain, which is loaded here or nowhere.
[[gnu::always_inline]] inline CallResult give_to(CpuLocal& cpu, Vcpu& vcpu, Vcpu& base,
                                                 Vcpu& next) {
    cpu.given_to = &base;
    vcpu.set_result(Status::ok, 0);
    exchange_state(vcpu, next.context.fs_base, next.context.gs_base, next.extended_state);
    arch::go_on_with(switch_to(cpu, next));
    return {};
}

/// exo_yield_to() with all that may be in its way. Needs: the kernel lock.
[[gnu::noinline]] CallResult yield_slowly(CpuLocal& cpu, Vcpu& vcpu, std::uint64_t handle) {
    // Another CPU may have ended the caller on its way in.
    if (vcpu.state != VcpuState::ready) {
        cpu.must_dispatch = 1;
        return {};
    }
    if (handle >> 32 != 0) return stay(Status::bad_handle);
    const auto cap = vcpu.env->caps.lookup(Handle(handle), ObjectType::vcpu, Rights::call);
    if (!cap) return stay(cap.error());
    Vcpu& base = base_of(static_cast<Vcpu&>(*(*cap)->object));
    Vcpu& next = tip_of(base);
    if (base.home != &cpu) return stay(Status::bad_argument);
    if (next.state != VcpuState::ready || (next.loaded_on != nullptr && next.loaded_on != &cpu))
        return stay(Status::busy);
    if (&next == &vcpu) return stay(Status::ok);
    return give_to(cpu, vcpu, base, next);
}

}  // namespace

extern "C" CallResult exo_yield_to(std::uint64_t handle) {
    lock_kernel();
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *cpu.running;
    CapTable& caps = vcpu.env->caps;
    const CapSlot* const cap =
        caps.find_again(caps.recent_vcpu, handle, ObjectType::vcpu, Rights::call);
    if (cap == nullptr || vcpu.state != VcpuState::ready) [[unlikely]]
        return yield_slowly(cpu, vcpu, handle);
    auto& next = static_cast<Vcpu&>(*cap->object);
    // One that is ready calls nobody; without a caller it is a chain of its own.
    if (next.state != VcpuState::ready || next.caller != nullptr || next.home != &cpu ||
        next.loaded_on != nullptr) [[unlikely]]
        return yield_slowly(cpu, vcpu, handle);
    return give_to(cpu, vcpu, next, next);
}

}  // namespace exo
