// exokernel/env/repossess.cpp - taking by force the page frames that an account owes.
#include "exokernel/env/repossess.hpp"

#include <algorithm>
#include <utility>

#include "exokernel/core/panic.hpp"
#include "exokernel/env/long_call.hpp"
#include "exokernel/env/revoke.hpp"
#include "exokernel/memory/frame_table.hpp"

namespace exo {
namespace {

constexpr std::uint32_t frames_seen_at_once = 4096;

/// Whether a run without a capability is there for a page that the environment has mapped itself.
bool mapped_by_itself(const FrameInfo& run) {
    const Link& oldest = *run.roots.next;
    return frames.info(FrameTable::frame_at(&oldest)).state == FrameState::mappings &&
           !AddressSpace::mapping_of(oldest).lent;
}

/// Of the passes through the frame table, the one that takes a run: those with a capability first,
/// those that are only mapped, those that others have mapped, and of each the not too large first.
constexpr std::uint8_t pass_count = 6;
std::uint8_t pass_of(const FrameInfo& run, std::uint64_t owed) {
    const unsigned size = run.extent <= owed ? 0 : 1;
    if (oldest_capability(run.roots) != nullptr) return std::uint8_t(size);
    return std::uint8_t((mapped_by_itself(run) ? 2 : 4) + size);
}

/// Whether a run can be taken: not one that is new, or that somebody revokes or takes now.
bool can_be_taken(const FrameInfo& run) { return !run.being_revoked() && !run.roots.alone(); }

/// Goes down the table from `seen`, in a bounded part, to a run to be taken next; null: none yet.
FrameInfo* find_run(const Account& account, std::uint32_t& seen) {
    for (std::uint32_t i = 0; i < frames_seen_at_once && seen != 0; ++i) {
        FrameInfo* info = &frames.info({seen - 1});
        if (info->state == FrameState::run_tail) info -= info->extent;
        seen = frames.number_of(*info).value;
        if (info->state == FrameState::run_head && info->account == &account &&
            can_be_taken(*info) && pass_of(*info, account.owed) == account.pass)
            return info;
    }
    return nullptr;
}

/// Tells the environment which frames it has lost.
void note(Env& env, FrameNumber first, std::uint32_t count) {
    if (!env.alive() || env.vcpu->area == nullptr) return;
    Vcpu& vcpu = *env.vcpu;
    vcpu.area->taken[vcpu.taken_count % lamina::taken_kept] = {first.value, count};
    vcpu.area->taken_count = ++vcpu.taken_count;
}

/// Lets go of the run that was being taken. Whether it is free by that.
bool end_run(Account& account) {
    FrameInfo& run = *std::exchange(account.taking, nullptr);
    --run.marks;
    const bool last = run.references == 1;
    release_object(run);
    return last;
}

/// Up to some entries of all that refers to a run but by `kept`; true if none is left.
bool revoke_others(FrameInfo& run, CapSlot& kept) {
    kept.siblings.leave();
    const bool done = revoke_some(kept.children) && revoke_some(run.roots);
    kept.siblings.join(run.roots);
    return done;
}

/// Frees the last `count` frames of a run that only `kept` refers to.
void cut(Env& env, FrameInfo& run, CapSlot& kept, std::uint32_t count) {
    const FrameNumber border = frames.number_of(run) + (run.extent - count);
    kept.count = std::min(kept.count, border.value - kept.first);
    frames.cut_run(run, run.extent - count);
    note(env, border, count);
}

/// Does a bounded part of revoking what the account owes of a run; true if nothing is left to do.
/// Who is revoked may be the one that repossesses: then the call is over.
bool revoke_owed(Env& env, const Account& account, FrameInfo& run) {
    if (account.owed == 0) return true;  // it has given back the rest by itself meanwhile
    CapSlot* const kept = run.extent > account.owed ? oldest_capability(run.roots) : nullptr;
    const auto owed = std::uint32_t(std::min<std::uint64_t>(account.owed, run.extent));
    if (kept == nullptr || kept->first >= frames.number_of(run).value + (run.extent - owed))
        return revoke_some(run.roots);
    if (!revoke_others(run, *kept)) return false;
    if (account.taking != nullptr) cut(env, run, *kept, owed);
    return true;
}

/// Does a bounded part of taking the run.
void take_some(Env& env, Account& account) {
    FrameInfo& run = *account.taking;
    const FrameNumber first = frames.number_of(run);
    const std::uint32_t extent = run.extent;
    ++run.references;  // so that it is there after, also if this ends the call
    const bool done = revoke_owed(env, account, run);
    if (account.taking == nullptr) return release_object(run);
    --run.references;
    if (done && end_run(account)) note(env, first, extent);
}

void end_repossession(Vcpu& vcpu) {
    Object& env = end_long_call(vcpu);
    Account& account = *static_cast<Env&>(env).account;
    account.collected = false;
    if (account.taking != nullptr) (void)end_run(account);
    release_object(env);
}

bool repossess_step(Vcpu& vcpu) {
    auto& env = static_cast<Env&>(*vcpu.object);
    Account& account = *env.account;
    if (account.taking != nullptr) {
        take_some(env, account);
        if (vcpu.state != VcpuState::in_call) return false;  // it has ended its own environment
    } else if (FrameInfo* const run = find_run(account, vcpu.done)) {
        ++run->references;
        ++run->marks;
        account.taking = run;
    } else if (vcpu.done == 0) {
        ++account.pass;
        vcpu.done = frames.size();
    }
    if (account.taking != nullptr || (account.owes() && account.pass != pass_count)) return false;
    const std::uint64_t owed = account.owed;
    end_repossession(vcpu);
    vcpu.set_result(Status::ok, owed);
    return true;
}

}  // namespace

const LongCall repossession = {repossess_step, end_repossession};

void begin_repossession(Vcpu& vcpu, Env& env) {
    Account& account = *env.account;
    LAMINA_ASSERT(account.owes() && !account.collected);
    account.collected = true;
    account.pass = 0;
    ++env.references;
    begin_long_call(vcpu, repossession, Handle::null, env);
    vcpu.done = frames.size();
}

}  // namespace exo
