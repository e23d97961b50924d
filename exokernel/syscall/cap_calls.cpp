// exokernel/syscall/cap_calls.cpp - system calls on capabilities of any type.
#include "exokernel/syscall/calls.hpp"
#include "lamina/report.hpp"

namespace exo::calls {
namespace {

/// A copy of a capability with fewer rights, to be put into `target`'s table.
Result<Capability> weaken(const Capability& source, Rights wanted, const Env& target) {
    if (!covers(source.rights, wanted)) return lamina::fail(Status::missing_right);
    Capability copy = source;
    copy.rights = wanted;
    // An environment that kept itself alive could never be freed.
    copy.counted = source.type != ObjectType::env || source.object != &target;
    return copy;
}

}  // namespace

Result<std::uint64_t> cap_derive(handle source, rights wanted, word first, word count) {
    Env& env = caller();
    LAMINA_TRY(const Capability* from, env.caps.lookup_any(source, Rights::copy));
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
    return std::uint64_t(env.caps.insert(place, made));
}

Result<std::uint64_t> cap_copy(handle env, handle source, rights wanted, word slot) {
    CapTable& own = caller().caps;
    LAMINA_TRY(const Capability* to, own.lookup(env, ObjectType::env, Rights::manage));
    LAMINA_TRY(const Capability* from, own.lookup_any(source, Rights::copy));
    auto& target = static_cast<Env&>(*to->object);
    LAMINA_TRY(const Capability copy, weaken(*from, wanted, target));
    if (!target.alive()) return lamina::fail(Status::ended);
    if (slot == 0) {
        LAMINA_TRY(const std::uint32_t place, target.caps.free_slot());
        return std::uint64_t(target.caps.insert(place, copy));
    }
    if (slot >= CapTable::capacity) return lamina::fail(Status::bad_argument);
    LAMINA_CHECK(target.caps.check_slot(std::uint32_t(slot)));
    return std::uint64_t(target.caps.insert(std::uint32_t(slot), copy));
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
