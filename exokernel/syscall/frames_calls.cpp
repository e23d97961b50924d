// exokernel/syscall/frames_calls.cpp - system calls that make, split and merge runs of page frames.
#include "exokernel/env/long_call.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/syscall/calls.hpp"
#include "exokernel/syscall/own_calls.hpp"

namespace exo::calls {
namespace {

/// A run of any length, anywhere or (first not 0) there.
[[gnu::noinline]] Result<std::uint64_t> alloc(Env& env, Account& payer, word count,
                                              FrameNumber first) {
    if (count - 1 >= lamina::run_frames_max) return lamina::fail(Status::bad_argument);
    LAMINA_TRY(FrameInfo* const run, frames.reserve_run(first, std::uint32_t(count), payer));
    if (payer.spender != &env) run->share();
    if (count > frames_zeroed_at_once) {
        // Another CPU may have ended the caller on its way in: it does not go on.
        if (env.alive())
            begin_alloc(*this_cpu().running, *run);
        else
            release_object(*run);
        return 0;  // replaced when it is done
    }
    frames.zero(*run, 0, std::uint32_t(count));
    return give_run(env, *run, whole_run(*run));
}

/// The account that a handle lets the caller spend from.
[[gnu::always_inline]] inline Result<Account*> spendable(Env& env, handle account) {
    LAMINA_TRY(const Capability* cap, env.caps.lookup(account, ObjectType::account, Rights::spend));
    return static_cast<Account*>(cap->object);
}

/// The run that a capability has for itself: nothing else refers to it.
Result<CapSlot*> sole(handle source) {
    LAMINA_TRY(CapSlot* const cap, caller().caps.lookup(source, ObjectType::frames, Rights::copy));
    const auto& run = static_cast<const FrameInfo&>(*cap->object);
    if (run.references != 1 || cap->count != run.extent) return lamina::fail(Status::shared);
    return cap;
}

}  // namespace

Result<std::uint64_t> frames_alloc(handle account, word count) {
    Env& env = caller();
    LAMINA_TRY(Account* const payer, spendable(env, account));
    return alloc(env, *payer, count, {0});
}

Result<std::uint64_t> frames_alloc_at(handle account, word first, word count) {
    Env& env = caller();
    LAMINA_TRY(Account* const payer, spendable(env, account));
    if (first == 0 || first != std::uint32_t(first)) return lamina::fail(Status::bad_argument);
    return alloc(env, *payer, count, {std::uint32_t(first)});
}

Result<std::uint64_t> frames_split(handle source, word count) {
    LAMINA_TRY(CapSlot* const cap, sole(source));
    if (count == 0 || count >= cap->count) return lamina::fail(Status::bad_argument);
    LAMINA_TRY(CapSlot* const place, caller().caps.free_slot());
    FrameInfo& rest = frames.split_run(static_cast<FrameInfo&>(*cap->object), std::uint32_t(count));
    Capability given = *cap;
    given.object = &rest;
    given.first += std::uint32_t(count);
    given.count -= std::uint32_t(count);
    cap->count = std::uint32_t(count);
    return std::uint64_t(caller().caps.insert(*place, given, &rest.roots, true));
}

Result<std::uint64_t> frames_merge(handle first, handle second) {
    LAMINA_TRY(CapSlot* const cap, sole(first));
    LAMINA_TRY(CapSlot* const next, sole(second));
    auto& run = static_cast<FrameInfo&>(*cap->object);
    auto& rest = static_cast<FrameInfo&>(*next->object);
    if (cap->first + cap->count != next->first || run.account != rest.account ||
        cap->rights != next->rights || cap->count + next->count > lamina::run_frames_max)
        return lamina::fail(Status::bad_argument);
    frames.merge_runs(run, rest);
    cap->count += next->count;
    next->counted = false;  // its reference went with the merge
    caller().caps.drop(*next);
    return 0;
}

}  // namespace exo::calls

namespace exo {

Result<std::uint64_t> own::frames_alloc(calls::handle account, std::uint64_t count) {
    Env& env = caller();
    LAMINA_TRY(Account* const payer, calls::spendable(env, account));
    CapSlot* const place = env.caps.next_free();
    FrameNumber frame;
    if (count != 1 || payer->spender != &env || place == nullptr ||
        !frames.alloc_cached(*payer, frame)) [[unlikely]]
        return lamina::fail(Status::busy);
    FrameInfo& run = frames.info(frame);
    return std::uint64_t(env.caps.insert(*place, whole_run(run, frame, 1), &run.roots, true));
}

}  // namespace exo
