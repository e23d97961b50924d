// tests/random_calls/expected.hpp - which outcomes random calls must have, and which they cannot.
#pragma once

#include <algorithm>
#include <string_view>

#include "tests/random_calls/tally.hpp"

namespace random_calls {

/// An outcome that a call has in the table of system calls, and that the callers cannot bring about
/// on the machine under test, or not count.
struct Unreachable {
    Call call;
    Status status;
    std::string_view why;
};

inline constexpr std::string_view one_frame =
    "takes single frames, and quotas never add up to more than there are: the quota ends first; "
    "tests/sim/nth_failure_test.cpp has it";

inline constexpr Unreachable unreachable[] = {
    {Call::machine_power, Status::ok, "does not return: tests/boot/power_test.py has it"},
    {Call::cap_derive, Status::out_of_frames, one_frame},
    {Call::cap_copy, Status::out_of_frames, one_frame},
    {Call::cap_move, Status::out_of_frames, one_frame},
    {Call::account_create, Status::out_of_frames, one_frame},
    {Call::frames_map, Status::out_of_frames, one_frame},
    {Call::env_create, Status::out_of_frames, one_frame},
    {Call::notification_create, Status::out_of_frames, one_frame},
    {Call::gate_create, Status::out_of_frames, one_frame},
    {Call::gate_return, Status::ok, "does not return: every gate_call that is ok has it"},
    {Call::frames_map, Status::not_present, "the machine under test has pages of 1 GiB"},
    {Call::frames_alloc_at, Status::out_of_frames, one_frame},
    {Call::frames_split, Status::out_of_frames, one_frame},
    {Call::frames_map_list, Status::out_of_frames, one_frame},
    {Call::vcpu_create, Status::out_of_frames, one_frame},
    {Call::slice_create, Status::out_of_frames, one_frame},
};

/// Outcomes that take a second CPU.
struct Outcome {
    Call call;
    Status status;
    friend constexpr bool operator==(Outcome, Outcome) = default;
};
inline constexpr Outcome between_cpus[] = {
    {Call::vcpu_yield_to, Status::bad_argument},
    {Call::slice_bind, Status::bad_argument},
    {Call::vcpu_migrate, Status::limit_reached},
};

/// Whether a call may end so: ok, or an error that it declares.
constexpr bool may_return(const calls::CallRow& row, Status status) {
    return status == Status::ok || calls::declares(row, status);
}

static_assert(std::ranges::all_of(unreachable, [](const Unreachable& one) {
    return may_return(calls::call_rows[std::size_t(one.call)], one.status);
}));

/// Why the callers cannot bring this about; empty if they can.
constexpr std::string_view why_unreachable(Call call, Status status) {
    for (const Unreachable& one : unreachable)
        if (one.call == call && one.status == status) return one.why;
    return {};
}

}  // namespace random_calls
