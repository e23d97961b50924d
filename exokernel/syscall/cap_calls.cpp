// exokernel/syscall/cap_calls.cpp - system calls on capabilities of any type.
#include "exokernel/env/revoke.hpp"
#include "exokernel/memory/frame_table.hpp"
#include "exokernel/syscall/calls.hpp"
#include "exokernel/syscall/own_calls.hpp"
#include "lamina/report.hpp"

namespace exo::calls {
namespace {

/// A copy of a capability with fewer rights, to be put into `target`'s table. Errors: busy.
Result<Capability> weaken(const Capability& source, Rights wanted, const Env& target) {
    if (being_revoked(source)) return lamina::fail(Status::busy);
    Capability copy = source;
    copy.rights = wanted;
    // An environment that kept itself alive could never be freed.
    if (source.type == ObjectType::env) copy.counted = source.object != &target;
    return copy;
}

/// A capability for part of what one for page frames is for. Needs: that is not being revoked.
[[gnu::always_inline]] inline Result<Capability> part_of(const Capability& frames, Rights wanted,
                                                         word first, word count) {
    if (first >= frames.count) [[unlikely]]
        return lamina::fail(Status::bad_argument);
    const word rest = frames.count - first;
    if (count > rest) [[unlikely]]
        return lamina::fail(Status::bad_argument);
    return frames_capability(*frames.object, wanted, frames.first + std::uint32_t(first),
                             std::uint32_t(count != 0 ? count : rest));
}

/// cap_derive() for anything but page frames.
[[gnu::noinline]] Result<std::uint64_t> derive_other(Env& env, CapSlot& from, Rights wanted,
                                                     word badge, word none) {
    LAMINA_TRY(Capability made, weaken(from, wanted, env));
    // A notification's badge may lose bits, a gate's is given once.
    const bool may_have = made.type == ObjectType::notification
                              ? made.badge() == 0 || (badge & ~made.badge()) == 0
                              : made.type == ObjectType::gate && made.badge() == 0;
    if (none != 0 || (badge != 0 && !may_have)) return lamina::fail(Status::bad_argument);
    if (badge != 0) made.set_badge(badge);
    LAMINA_TRY(CapSlot* const place, env.caps.free_slot());
    return std::uint64_t(env.caps.insert(*place, made, &from.children));
}

/// A slot of a table that another environment's capability can go to: the fixed one asked for, or
/// (0) any free one.
Result<CapSlot*> choose_slot(CapTable& caps, word slot) {
    if (slot == 0) return caps.free_slot();
    if (slot >= CapTable::capacity) return lamina::fail(Status::bad_argument);
    return caps.fixed_slot(std::uint32_t(slot));
}

}  // namespace

Result<std::uint64_t> cap_derive(handle source, rights wanted, word first, word count) {
    Env& env = caller();
    LAMINA_TRY(CapSlot* const from, env.caps.lookup_any(source, wanted | Rights::copy));
    if (from->type != ObjectType::frames) [[unlikely]]
        return derive_other(env, *from, wanted, first, count);
    if (being_revoked(*from)) return lamina::fail(Status::busy);
    LAMINA_TRY(const Capability part, part_of(*from, wanted, first, count));
    LAMINA_TRY(CapSlot* const place, env.caps.free_slot());
    return std::uint64_t(env.caps.insert(*place, part, &from->children));
}

Result<std::uint64_t> cap_copy(handle env, handle source, rights wanted, word slot) {
    LAMINA_TRY(Env* const target, managed(env));
    LAMINA_TRY(CapSlot* const from, caller().caps.lookup_any(source, wanted | Rights::copy));
    LAMINA_TRY(const Capability copy, weaken(*from, wanted, *target));
    LAMINA_TRY(CapSlot* const place, choose_slot(target->caps, slot));
    if (target != &caller()) copy.object->share();
    return std::uint64_t(target->caps.insert(*place, copy, &from->children));
}

Result<std::uint64_t> cap_move(handle env, handle source, word slot) {
    LAMINA_TRY(Env* const target, managed(env));
    LAMINA_TRY(CapSlot* const from, caller().caps.lookup_any(source, Rights::copy));
    // An environment's own capability for itself does not count, and no other may count for it.
    if (from->type == ObjectType::env && (!from->counted || from->object == target))
        return lamina::fail(Status::bad_argument);
    LAMINA_TRY(CapSlot* const place, choose_slot(target->caps, slot));
    if (target != &caller()) from->object->share();
    return std::uint64_t(caller().caps.move_to(target->caps, *place, *from));
}

Result<std::uint64_t> cap_revoke(handle source) {
    LAMINA_TRY(CapSlot* const cap, caller().caps.lookup_any(source, Rights::none));
    (void)begin_revocation(*this_cpu().running, source, *cap);
    return 0;
}

Result<std::uint64_t> cap_drop(handle source) {
    LAMINA_CHECK(caller().caps.drop(source));
    return 0;
}

Result<std::uint64_t> cap_inspect(handle source, out_cap_info info) {
    LAMINA_TRY(const Capability* from, caller().caps.lookup_any(source, Rights::none));
    lamina::CapInfo told = {};
    told.type = from->type;
    told.rights = from->rights;
    if (from->type == ObjectType::frames) {
        told.first_frame = from->first;
        told.count = from->count;
    } else if (from->type == ObjectType::notification || from->type == ObjectType::gate) {
        told.first_frame = from->badge();
    } else if (from->type == ObjectType::account) {
        const auto& account = static_cast<const Account&>(*from->object);
        told.count = account.limit_frames();
        told.used = account.used_frames();
    } else if (from->type == ObjectType::env) {
        told.id = static_cast<const Env&>(*from->object).id;
    }
    LAMINA_CHECK(copy_to_caller(info, &told, sizeof told));
    return 0;
}

}  // namespace exo::calls

namespace exo {

Result<std::uint64_t> own::cap_derive(calls::handle source, Rights wanted, std::uint64_t first,
                                      std::uint64_t count) {
    CapTable& caps = caller().caps;
    LAMINA_TRY(CapSlot* const from, caps.lookup(source, ObjectType::frames, wanted | Rights::copy));
    if (from->object->marks != 0) [[unlikely]]
        return lamina::fail(Status::shared);
    LAMINA_TRY(const Capability part, calls::part_of(*from, wanted, first, count));
    CapSlot* const place = caps.next_free();
    if (place == nullptr) [[unlikely]]
        return lamina::fail(Status::table_full);
    return std::uint64_t(caps.insert(*place, part, &from->children));
}

Result<std::uint64_t> own::cap_drop(calls::handle source) {
    CapTable& caps = caller().caps;
    LAMINA_TRY(CapSlot* const cap, caps.lookup(source, ObjectType::frames, Rights::none));
    auto& run = static_cast<FrameInfo&>(*cap->object);
    if (run.marks != 0) [[unlikely]]
        return lamina::fail(Status::shared);
    if (run.references != 1)
        --run.references;
    else if (!frames.free_cached(run)) [[unlikely]]
        return lamina::fail(Status::busy);
    caps.remove(*cap);
    return 0;
}

Result<std::uint64_t> own::cap_inspect(calls::handle source, std::uint64_t info) {
    LAMINA_TRY(const Capability* const cap, caller().caps.lookup_any(source, Rights::none));
    // The counts of an account may be others' too.
    if (cap->type == ObjectType::account) return lamina::fail(Status::shared);
    return calls::cap_inspect(source, info);
}

}  // namespace exo
