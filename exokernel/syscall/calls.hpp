// exokernel/syscall/calls.hpp - the handlers of all system calls, declared from the one table.
#pragma once

#include <array>
#include <cstdint>

#include "exokernel/env/env.hpp"
#include "lamina/syscalls.hpp"

namespace exo {

/// The running environment, seen from one of its system calls.
inline Env& caller() { return *this_cpu().running->env; }

/// What a call leaves in rax and rdx.
struct CallResult {
    std::uint64_t status;
    std::uint64_t value;
};
using CallEntry = CallResult (*)(std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t,
                                 std::uint64_t, std::uint64_t);
/// In entry.S. Those that switch to another vCPU do not return.
extern "C" CallResult exo_gate_call_entry(std::uint64_t, std::uint64_t, std::uint64_t,
                                          std::uint64_t, std::uint64_t, std::uint64_t);
extern "C" CallResult exo_gate_return_entry(std::uint64_t, std::uint64_t, std::uint64_t,
                                            std::uint64_t, std::uint64_t, std::uint64_t);
extern "C" CallResult exo_yield_to_entry(std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t,
                                         std::uint64_t, std::uint64_t);
/// What the last goes on with.
extern "C" CallResult exo_yield_to(std::uint64_t handle);
/// Indexed by call number; entry.S checks the bound. Cost of a crossing: docs/performance.md.
extern "C" const std::array<CallEntry, lamina::call_count> exo_call_table;

namespace calls {

// The argument kinds of syscalls.def as types.
using handle = lamina::Handle;
using handle_or_null = lamina::Handle;
using word = std::uint64_t;
using rights = lamina::Rights;
using protection = lamina::Protection;
using user_address = std::uint64_t;
using out_cap_info = std::uint64_t;
using out_env_report = std::uint64_t;
using out_slice_info = std::uint64_t;
using out_page_table = std::uint64_t;

// Every handler decodes, looks up, checks, then commits: after its first write nothing fails.
#define LAMINA_ARGS(...) __VA_ARGS__
#define LAMINA_SYSCALL(number, name, arguments, value, rights_needed, errors) \
    Result<std::uint64_t> name(arguments);
#include "lamina/syscalls.def"
#undef LAMINA_SYSCALL
#undef LAMINA_ARGS

}  // namespace calls

/// The living environment that a handle names for changes to its space and table; the null handle
/// is the caller itself, with nothing to look up. Errors: bad_handle, wrong_type, missing_right,
/// ended.
inline Result<Env*> managed(lamina::Handle env) {
    if (env == Handle::null) [[likely]]
        return &caller();
    LAMINA_TRY(const Capability* cap, caller().caps.lookup(env, ObjectType::env, Rights::manage));
    auto* const target = static_cast<Env*>(cap->object);
    if (!target->alive()) return lamina::fail(Status::ended);
    return target;
}

/// The notification that a handle may set these bits of. Errors: bad_handle, wrong_type,
/// missing_right (also for bits its badge does not have).
Result<Notification*> signalled(lamina::Handle notification, std::uint64_t bits);
/// The same; the null handle is no notification.
inline Result<Notification*> signalled_or_none(lamina::Handle notification, std::uint64_t bits) {
    if (notification == Handle::null) return nullptr;
    return signalled(notification, bits);
}

/// Copies to user memory of the calling environment. Errors: bad_address, not_mapped.
Result<void> copy_to_caller(std::uint64_t address, const void* from, std::uint64_t bytes);

}  // namespace exo
