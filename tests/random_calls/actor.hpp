// tests/random_calls/actor.hpp - Actor: who makes calls, and what it is known to have.
#pragma once

#include <array>
#include <cstdint>

#include "libos/sys/calls.hpp"
#include "tests/random_calls/holdings.hpp"
#include "tests/random_calls/tally.hpp"

namespace random_calls {

/// One environment, as the maker of its arguments knows it.
struct Actor {
    Who who = nobody;
    Holdings holdings;
    std::array<calls::MappedPages, 8> maps = {};
    std::uint32_t maps_next = 0;

    void add_map(const Words& words) {
        maps[maps_next++ % maps.size()] = {words[0], words[4], words[3]};
    }
};

/// A choice among all calls, mostly each as likely as its weight.
Call random_call(Choices& choices);

/// Whether `handle` is known to be, or may be, for the environment of the actor itself.
bool names_itself(const Actor& actor, std::uint64_t handle);

/// Changes a call that nobody here may make: powering off, writing much or visibly to the console.
void tame(Call call, Words& words, Choices& choices);

/// Takes note of what a call that worked has given its caller and `target`: the actor that the
/// first argument names, or null. Returns a handle of the caller that is not known any more, or 0.
std::uint32_t learn(Actor& actor, Actor* target, Call call, const Words& words, std::uint64_t value,
                    Choices& choices);

}  // namespace random_calls
