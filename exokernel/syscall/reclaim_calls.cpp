// exokernel/syscall/reclaim_calls.cpp - system calls that ask memory back, and take it.
#include "arch/machine.hpp"
#include "exokernel/cpu/chain.hpp"
#include "exokernel/cpu/upcall.hpp"
#include "exokernel/env/memory_watch.hpp"
#include "exokernel/env/repossess.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {
namespace {

/// The environment that a handle names, if it pays from the account that the other one names, and
/// both allow this. Errors: bad_handle, wrong_type, missing_right, bad_argument.
Result<Env*> payer_of(handle account, handle env) {
    CapTable& caps = caller().caps;
    LAMINA_TRY(const Capability* from, caps.lookup(account, ObjectType::account, Rights::reclaim));
    LAMINA_TRY(const Capability* cap, caps.lookup(env, ObjectType::env, Rights::manage));
    auto* const payer = static_cast<Env*>(cap->object);
    if (payer->account != from->object) return lamina::fail(Status::bad_argument);
    return payer;
}

/// Has the first of the environment's vCPUs that has a reclaim entry go on there when it runs next.
void ask(Env& env, const Account& account) {
    if (!env.alive()) return;
    Vcpu* at = env.vcpu;
    while (at != nullptr && at->entries.reclaim == 0)
        at = at->next;
    if (at == nullptr) return;
    Vcpu& vcpu = *at;
    vcpu.asked_frames = account.owed;
    vcpu.asked_deadline_ns = account.deadline_ns;
    make_upcall_due(vcpu, lamina::pending_reclaim);
    if (vcpu.state == VcpuState::waiting || vcpu.state == VcpuState::watching)
        (void)end_wait(vcpu, Status::interrupted);
}

}  // namespace

Result<std::uint64_t> account_reclaim(handle account_handle, handle env, word count,
                                      word deadline_ns, handle notification, word bits) {
    LAMINA_TRY(Env* const payer, payer_of(account_handle, env));
    LAMINA_TRY(Notification* const told, signalled_or_none(notification, bits));
    Account& account = *payer->account;
    if (account.parent == nullptr || count == 0 || count > account.limit_frames())
        return lamina::fail(Status::bad_argument);
    if (account.owes() || (told != nullptr && told->reclaims != nullptr))
        return lamina::fail(Status::busy);
    const std::uint64_t free = account.ask(count);
    if (account.owes()) {
        account.deadline_ns = deadline_ns;
        account.told = told;
        account.told_bits = bits;
        if (told != nullptr) told->reclaims = &account;
        ask(*payer, account);
    }
    if (account.parent->refund(free)) settle_account(*account.parent);
    return account.owed;
}

Result<std::uint64_t> account_repossess(handle account_handle, handle env) {
    LAMINA_TRY(Env* const payer, payer_of(account_handle, env));
    const Account& account = *payer->account;
    if (!account.owes()) return 0;
    if (account.collected) return lamina::fail(Status::busy);
    if (arch::now_ns() < account.deadline_ns) return lamina::fail(Status::not_due);
    begin_repossession(*this_cpu().running, *payer);
    return 0;  // replaced when it is done
}

Result<std::uint64_t> frames_watch(handle machine, word low_frames, word high_frames,
                                   handle notification, word bits) {
    LAMINA_CHECK(caller().caps.lookup(machine, ObjectType::machine, Rights::read));
    LAMINA_TRY(Notification* const told, signalled_or_none(notification, bits));
    if (high_frames < low_frames) return lamina::fail(Status::bad_argument);
    memory_watch.set(told, bits, low_frames, high_frames);
    return 0;
}

}  // namespace exo::calls
