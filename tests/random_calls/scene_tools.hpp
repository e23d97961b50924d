// tests/random_calls/scene_tools.hpp - what several scenes do.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libos/sys/calls.hpp"
#include "tests/random_calls/caller.hpp"

namespace random_calls {

/// How often a call is made in a state that it is to fail in.
inline constexpr int tries = 12;

/// Of the name at stage_address.
inline constexpr std::uint64_t name_bytes = 6;

/// Drops capabilities.
inline void drop_all(Caller& caller, std::span<const std::uint32_t> handles) {
    for (const std::uint32_t handle : handles)
        caller.make(Call::cap_drop, {handle});
}

/// Makes a call again and again, and keeps what it returns, until it fails or there are enough.
inline std::span<const std::uint32_t> repeat(Caller& caller, std::size_t most, Call call,
                                             const Words& words) {
    const auto spare = caller.spare();
    most = std::min(most, spare.size());
    std::size_t count = 0;
    while (count < most && (spare[count] = caller.value_of(call, words)) != 0)
        ++count;
    return spare.first(count);
}

/// Frames that an account may use yet.
std::uint64_t frames_left(std::uint32_t account);

/// Gives the CPU to a puppet of this CPU until it is idle. False if it does not become so. Not
/// counted: how often depends on time.
bool await(Caller& caller, Puppet& puppet);

/// Whether a call fails in the way a scene is about, with time for the mate in between.
template <typename Attempt>
bool until(Status wanted, Attempt attempt) {
    constexpr int turns_max = 100;
    for (int turn = 0; turn < turns_max; ++turn) {
        if (attempt() == wanted) return true;
        (void)libos::sys::vcpu_yield();
    }
    return false;
}

/// Calls about the slices of an environment that has ended, and of a vCPU of it: ended.
void use_slices_of_ended(Caller& caller, std::uint64_t env, std::uint64_t vcpu);

}  // namespace random_calls
