// exokernel/syscall/frames_calls.cpp - system calls on accounts and page frames.
#include "exokernel/env/revoke.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {
namespace {

/// Errors: bad_argument (count), bad_address (alignment, range).
Result<void> check_pages(std::uint64_t address, std::uint64_t count) {
    if (count - 1 >= lamina::frames_per_call_max) return lamina::fail(Status::bad_argument);
    if (!lamina::page_aligned(address) || !lamina::in_user_half(address, count * page_size))
        return lamina::fail(Status::bad_address);
    return {};
}

Rights rights_for(Protection wanted) {
    Rights needed = Rights::read;
    if (has(wanted, Protection::write)) needed = needed | Rights::write;
    if (has(wanted, Protection::execute)) needed = needed | Rights::execute;
    return needed;
}

Protection allowed_by(Rights rights) {
    Protection allowed = Protection::read;
    if (covers(rights, Rights::write)) allowed = allowed | Protection::write;
    if (covers(rights, Rights::execute)) allowed = allowed | Protection::execute;
    return allowed;
}

/// The living environment a handle names, for changes to its address space.
Result<Env*> managed(handle env) {
    LAMINA_TRY(const Capability* cap, caller().caps.lookup(env, ObjectType::env, Rights::manage));
    return static_cast<Env*>(cap->object);
}

}  // namespace

Result<std::uint64_t> account_create(handle account, word limit_frames) {
    CapTable& caps = caller().caps;
    LAMINA_TRY(const Capability* cap, caps.lookup(account, ObjectType::account, Rights::spend));
    auto& parent = static_cast<Account&>(*cap->object);
    if (limit_frames == 0) return lamina::fail(Status::bad_argument);
    if (parent.depth == Account::depth_max) return lamina::fail(Status::limit_reached);
    LAMINA_CHECK(parent.charge(limit_frames));
    const auto refund = [&](Status why) {
        parent.refund(limit_frames);
        return lamina::fail(why);
    };
    const auto frame = frames.alloc(FrameState::object, &parent);
    if (!frame) return refund(frame.error());
    const auto place = caps.free_slot();
    if (!place) {
        frames.free(*frame);
        return refund(place.error());
    }
    auto& made = *static_cast<Account*>(FrameTable::contents(*frame));
    made.type = ObjectType::account;
    made.parent = &parent;
    made.limit = limit_frames;
    made.depth = parent.depth + 1;
    Capability given;
    given.type = ObjectType::account;
    given.rights = Rights::spend | Rights::copy;
    given.object = &made;
    return std::uint64_t(caps.insert(*place, given, nullptr));
}

Result<std::uint64_t> frames_alloc(handle account, word count) {
    CapTable& caps = caller().caps;
    LAMINA_TRY(const Capability* cap, caps.lookup(account, ObjectType::account, Rights::spend));
    if (count == 0 || count > lamina::frames_per_call_max)
        return lamina::fail(Status::bad_argument);
    auto& payer = static_cast<Account&>(*cap->object);
    LAMINA_TRY(const FrameNumber first, frames.alloc_run(std::uint32_t(count), payer));
    const auto place = caps.free_slot();
    if (!place) {
        frames.release(first);
        return lamina::fail(place.error());
    }
    const Capability given = frames.capability(
        first, std::uint32_t(count), Rights::read | Rights::write | Rights::execute | Rights::copy);
    return std::uint64_t(caps.insert(*place, given, nullptr, true));
}

Result<std::uint64_t> frames_map(handle env, handle run, word first, word count,
                                 user_address address, protection wanted) {
    LAMINA_TRY(Env* const target, managed(env));
    LAMINA_TRY(CapSlot* const cap,
               caller().caps.lookup(run, ObjectType::frames, rights_for(wanted)));
    LAMINA_CHECK(check_pages(address, count));
    if (first >= cap->count || count > cap->count - first)
        return lamina::fail(Status::bad_argument);
    if (has(wanted, Protection::write) && has(wanted, Protection::execute))
        return lamina::fail(Status::write_and_execute);
    if (!target->alive()) return lamina::fail(Status::ended);
    // What one environment maps into another is no more than it says; the capability is not given.
    const Protection allowed = target == &caller() ? allowed_by(cap->rights) : wanted;
    if (being_revoked(*cap)) return lamina::fail(Status::busy);
    LAMINA_CHECK(target->space.map(address, *cap, std::uint32_t(first), std::uint32_t(count),
                                   {wanted, allowed}));
    return 0;
}

Result<std::uint64_t> frames_protect(handle env, user_address address, word count,
                                     protection wanted) {
    LAMINA_TRY(Env* const target, managed(env));
    LAMINA_CHECK(check_pages(address, count));
    if (has(wanted, Protection::write) && has(wanted, Protection::execute))
        return lamina::fail(Status::write_and_execute);
    if (!target->alive()) return lamina::fail(Status::ended);
    LAMINA_CHECK(target->space.protect(address, std::uint32_t(count), wanted));
    shoot_down(*target->vcpu);
    return 0;
}

Result<std::uint64_t> frames_unmap(handle env, user_address address, word count) {
    LAMINA_TRY(Env* const target, managed(env));
    LAMINA_CHECK(check_pages(address, count));
    if (!target->alive()) return lamina::fail(Status::ended);
    LAMINA_CHECK(target->space.unmap(address, std::uint32_t(count)));
    shoot_down(*target->vcpu);
    return 0;
}

}  // namespace exo::calls
