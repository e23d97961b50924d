// exokernel/syscall/cap_calls.cpp - system calls on capabilities of any type.
#include "exokernel/env/revoke.hpp"
#include "exokernel/syscall/calls.hpp"
#include "lamina/report.hpp"

namespace exo::calls {
namespace {

/// A copy of a capability with fewer rights, to be put into `target`'s table.
Result<Capability> weaken(const Capability& source, Rights wanted, const Env& target) {
    if (!covers(source.rights, wanted)) return lamina::fail(Status::missing_right);
    if (being_revoked(source)) return lamina::fail(Status::busy);
    Capability copy = source;
    copy.rights = wanted;
    // An environment that kept itself alive could never be freed.
    copy.counted = source.type != ObjectType::env || source.object != &target;
    return copy;
}

/// A slot of a table that another environment's capability can go to: the fixed one asked for, or
/// (0) any free one.
Result<std::uint32_t> choose_slot(CapTable& caps, word slot) {
    if (slot == 0) return caps.free_slot();
    if (slot >= CapTable::capacity) return lamina::fail(Status::bad_argument);
    LAMINA_CHECK(caps.check_slot(std::uint32_t(slot)));
    return std::uint32_t(slot);
}

/// The living environment that capabilities are to be put into.
Result<Env*> receiver(handle env) {
    LAMINA_TRY(const CapSlot* to, caller().caps.lookup(env, ObjectType::env, Rights::manage));
    return static_cast<Env*>(to->object);
}

}  // namespace

Result<std::uint64_t> cap_derive(handle source, rights wanted, word first, word count) {
    Env& env = caller();
    LAMINA_TRY(CapSlot* const from, env.caps.lookup_any(source, Rights::copy));
    LAMINA_TRY(Capability made, weaken(*from, wanted, env));
    if (made.type == ObjectType::frames) {
        if (first >= from->count || count > from->count - first)
            return lamina::fail(Status::bad_argument);
        made.first += std::uint32_t(first);
        made.count = std::uint32_t(count != 0 ? count : from->count - first);
    } else if (first != 0 || count != 0) {
        return lamina::fail(Status::bad_argument);
    }
    LAMINA_TRY(const std::uint32_t place, env.caps.free_slot());
    return std::uint64_t(env.caps.insert(place, made, from));
}

Result<std::uint64_t> cap_copy(handle env, handle source, rights wanted, word slot) {
    LAMINA_TRY(Env* const target, receiver(env));
    LAMINA_TRY(CapSlot* const from, caller().caps.lookup_any(source, Rights::copy));
    LAMINA_TRY(const Capability copy, weaken(*from, wanted, *target));
    if (!target->alive()) return lamina::fail(Status::ended);
    LAMINA_TRY(const std::uint32_t place, choose_slot(target->caps, slot));
    return std::uint64_t(target->caps.insert(place, copy, from));
}

Result<std::uint64_t> cap_move(handle env, handle source, word slot) {
    LAMINA_TRY(Env* const target, receiver(env));
    LAMINA_TRY(CapSlot* const from, caller().caps.lookup_any(source, Rights::copy));
    // An environment's own capability for itself does not count, and no other may count for it.
    if (from->type == ObjectType::env && (!from->counted || from->object == target))
        return lamina::fail(Status::bad_argument);
    if (!target->alive()) return lamina::fail(Status::ended);
    LAMINA_TRY(const std::uint32_t place, choose_slot(target->caps, slot));
    return std::uint64_t(caller().caps.move_to(target->caps, place, *from));
}

Result<std::uint64_t> cap_revoke(handle source) {
    Env& env = caller();
    LAMINA_TRY(CapSlot* const cap, env.caps.lookup_any(source, Rights::none));
    if (!begin_revocation(*env.vcpu, source, *cap)) this_cpu().must_dispatch = 1;
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
    } else if (from->type == ObjectType::account) {
        const auto& account = static_cast<const Account&>(*from->object);
        told.count = account.limit;
        told.used = account.used;
    } else if (from->type == ObjectType::env) {
        told.id = static_cast<const Env&>(*from->object).id;
    }
    LAMINA_CHECK(copy_to_caller(info, &told, sizeof told));
    return 0;
}

}  // namespace exo::calls
