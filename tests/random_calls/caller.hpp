// tests/random_calls/caller.hpp - Caller: makes random system calls, by itself and by its puppets.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "libos/sys/calls.hpp"
#include "tests/random_calls/puppet.hpp"

namespace random_calls {

using lamina::ObjectType;
using lamina::Rights;
using libos::sys::Reply;

inline constexpr std::uint64_t self_handle = lamina::slots::self;
inline constexpr std::uint64_t account_handle = lamina::slots::account;

/// What the test tells a caller.
struct Part {
    std::uint64_t seed;
    std::uint64_t calls;  ///< It ends after as many, those of its puppets included.
    std::uint32_t cpu;
    std::uint32_t cpu_count;
};

/// Waits until an environment that ends has ended. Not counted: how often depends on time.
void await_end(std::uint32_t env);

/// Careful in one thing: it stays alive.
class Caller {
public:
    Caller(const Part& part, Tally& tally);

    /// Maps the stage and the puppets' code. Errors: those of the calls.
    lamina::Result<void> set_up();
    /// One random call, or an attempt.
    void step();
    /// Ends the puppets and gives up all it has made, as far as that is known.
    void sweep();
    bool done() const { return tally_->total >= part_.calls; }

    // What scenes (scenes.hpp) are made of.

    Choices& choices() { return choices_; }
    const Part& part() const { return part_; }
    /// Makes a call and counts its outcome.
    Reply make(Call call, const Words& words);
    /// The value of a call that worked, or 0.
    std::uint32_t value_of(Call call, const Words& words);
    /// Counts the outcome of a call that a puppet made without being told.
    void count(Call call, const Words& words, Status status);
    /// Rings for a call of a puppet, if it is idle.
    bool tell(Puppet& puppet, Call call, const Words& words);
    /// Counts a puppet's outcome, if it has one by now; true if the puppet is idle.
    bool listen(Puppet& puppet);
    /// Makes a puppet with so many frames on a CPU. False: not now, for want of something.
    bool raise(Puppet& puppet, std::uint64_t frames, std::uint64_t cpu);
    void end(Puppet& puppet);

    /// On this CPU, on another, one whose account is used up, and one whose table is full (and that
    /// never runs).
    Puppet mate, far, poor, hoarder;
    /// Lives in scenes only: makes no random calls, and none are about it.
    Puppet server;
    std::span<std::uint32_t, 4096> spare() { return spare_; }

private:
    class View;

    std::array<Puppet*, 5> puppets() { return {&mate, &far, &poor, &hoarder, &server}; }
    Actor* find_actor(Who who);
    Actor* target_of(const Actor& actor, const Words& words);
    bool is_private(std::uint64_t handle);
    bool careful(Call call, Words& words);
    bool endangers(const Actor& actor, Call call, const Words& words);
    void call_oneself();
    void call_by(Puppet& puppet);
    void hear(Puppet& puppet, std::uint64_t status, std::uint64_t value);
    void heed_end(Puppet& puppet);
    void learn_failure(Call call, const Words& words, Status status);
    bool fill(Puppet& puppet);
    void let_know(const Puppet& puppet);
    void note_mapped(std::uint64_t address, std::uint64_t pages);
    void unmap_regions();
    void end_strays();

    Part part_;
    Tally* tally_;
    Choices choices_;
    Actor self_;
    Who next_who_ = nobody;
    std::uint32_t stage_run_ = 0;
    std::uint32_t code_run_ = 0;
    std::uint32_t drops_due_ = 0;
    std::array<std::uint64_t, 5> mapped_pages_ = {};  ///< At each region, at the most.
    std::array<std::uint32_t, 4096> spare_ = {};
};

}  // namespace random_calls
