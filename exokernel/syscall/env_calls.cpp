// exokernel/syscall/env_calls.cpp - system calls on environments and vCPUs.
#include "exokernel/env/revoke.hpp"
#include "exokernel/memory/user_memory.hpp"
#include "exokernel/syscall/calls.hpp"

namespace exo::calls {

Result<std::uint64_t> env_create(handle account, user_address name, word name_bytes,
                                 handle notification, word bits, word cpu) {
    Env& env = caller();
    LAMINA_TRY(CapSlot* const payer,
               env.caps.lookup(account, ObjectType::account, Rights::spend | Rights::copy));
    EnvRequest request{{}, *payer, payer, nullptr, bits, env.id, std::uint32_t(cpu)};
    if (cpu >= cpus().size()) return lamina::fail(Status::bad_argument);
    LAMINA_TRY(request.notification, signalled_or_none(notification, bits));
    if (name_bytes == 0 || name_bytes > lamina::env_name_bytes_max)
        return lamina::fail(Status::bad_argument);
    char text[lamina::env_name_bytes_max];
    LAMINA_TRY(const UserRange range,
               UserRange::check(env.space, name, name_bytes, false, env.failed_address));
    range.copy_in(text);
    request.name = {text, name_bytes};
    for (char c : request.name)
        if (c <= ' ' || c > '~') return lamina::fail(Status::bad_argument);
    if (being_revoked(*payer)) return lamina::fail(Status::busy);
    LAMINA_TRY(CapSlot* const place, env.caps.free_slot());

    const auto made = create_env(request);
    if (!made) {
        env.caps.shrink();
        return lamina::fail(made.error());
    }
    const Capability given{.type = ObjectType::env,
                           .rights = Rights::read | Rights::manage | Rights::end | Rights::copy,
                           .object = *made};
    return std::uint64_t(env.caps.insert(*place, given, nullptr));
}

Result<std::uint64_t> env_end(handle env, word status) {
    LAMINA_TRY(const Capability* cap, caller().caps.lookup(env, ObjectType::env, Rights::end));
    if (status > 255) return lamina::fail(Status::bad_argument);
    auto& target = static_cast<Env&>(*cap->object);
    const auto cause = &target == &caller() ? lamina::EndCause::exited : lamina::EndCause::killed;
    LAMINA_CHECK(begin_end(target, cause, std::uint32_t(status)));
    return 0;
}

Result<std::uint64_t> env_report(handle env, out_env_report report) {
    LAMINA_TRY(const Capability* cap, caller().caps.lookup(env, ObjectType::env, Rights::read));
    const auto& target = static_cast<const Env&>(*cap->object);
    if (target.vcpu != nullptr) return lamina::fail(Status::not_ended);
    LAMINA_CHECK(copy_to_caller(report, &target.report, sizeof target.report));
    return 0;
}

Result<std::uint64_t> env_start(handle env, user_address entry, user_address stack, word argument) {
    LAMINA_TRY(const Capability* cap, caller().caps.lookup(env, ObjectType::env, Rights::manage));
    if (!lamina::in_user_half(entry, 1) || !lamina::in_user_half(stack, 0))
        return lamina::fail(Status::bad_address);
    Env& target = static_cast<Env&>(*cap->object);
    if (!target.alive()) return lamina::fail(Status::ended);
    LAMINA_CHECK(start_vcpu(*target.vcpu, entry, stack, argument));
    return 0;
}

}  // namespace exo::calls
