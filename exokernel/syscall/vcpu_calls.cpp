// exokernel/syscall/vcpu_calls.cpp - system calls on vCPUs.
#include "arch/machine.hpp"
#include "exokernel/cpu/chain.hpp"
#include "exokernel/cpu/dispatch.hpp"
#include "exokernel/cpu/switch.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/memory/user_memory.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {
namespace {

/// Entries that the kernel will load into rip and rsp must not fault there.
Result<void> check_entries(const lamina::VcpuEntries& entries) {
    for (const std::uint64_t address :
         {entries.run, entries.trap, entries.slice_end, entries.foreign, entries.stack,
          entries.resume_start, entries.resume_end, entries.reclaim, entries.timer})
        if (address != 0 && !lamina::in_user_half(address, 0))
            return lamina::fail(Status::bad_address);
    if (entries.resume_end < entries.resume_start) return lamina::fail(Status::bad_argument);
    return {};
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

    std::byte* alias = env.space.find(area, true);
    bind_area(bound, reinterpret_cast<lamina::VcpuArea*>(alias), FrameTable::frame_at(alias),
              env.space.link_of(area));
    bound.entries = given;
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
                    given.rsp,
                    user_flags(given.rflags),
                    vcpu.context.fs_base,
                    vcpu.context.gs_base,
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

/// Why the caller does not get the CPU given to another vCPU.
[[gnu::noinline]] Context* keep_cpu(Vcpu& vcpu, std::uint64_t handle) {
    if (vcpu.state != VcpuState::ready) return dispatch_instead();
    if (handle >> 32 != 0) return refuse(vcpu, Status::bad_handle);
    const auto cap = vcpu.env->caps.lookup(Handle(handle), ObjectType::vcpu, Rights::call);
    if (!cap) return refuse(vcpu, cap.error());
    const Vcpu& base = base_of(static_cast<Vcpu&>(*(*cap)->object));
    return refuse(vcpu, base.home != &this_cpu() ? Status::bad_argument : Status::busy);
}

}  // namespace

extern "C" Context* exo_yield_to(std::uint64_t handle) {
    lock_kernel();
    CpuLocal& cpu = this_cpu();
    Vcpu& vcpu = *cpu.running;
    const CapSlot* const cap = vcpu.env->caps.find_with(handle, ObjectType::vcpu, Rights::call);
    // Another CPU may have ended the caller on its way in.
    if (cap == nullptr || vcpu.state != VcpuState::ready) [[unlikely]]
        return keep_cpu(vcpu, handle);
    Vcpu& base = base_of(static_cast<Vcpu&>(*cap->object));
    Vcpu& next = tip_of(base);
    const bool elsewhere = next.loaded_on != nullptr && next.loaded_on != &cpu;
    if (base.home != &cpu || next.state != VcpuState::ready || elsewhere) [[unlikely]]
        return keep_cpu(vcpu, handle);
    cpu.given_to = &base;
    save_state(vcpu);
    vcpu.set_result(Status::ok, 0);
    load_state(next);
    return switch_to(cpu, next);
}

}  // namespace exo
