// tests/random_calls/actor.cpp - choosing calls, and learning from what came of them.
#include "tests/random_calls/actor.hpp"

#include "tests/random_calls/stage.hpp"

namespace random_calls {
namespace {

using lamina::ObjectType;
using lamina::Rights;

constexpr auto weights_total = [] {
    std::uint64_t total = 0;
    for (const calls::CallRow& row : calls::call_rows)
        total += calls::weight_of(row.number);
    return total;
}();

/// Every call as often as its weight says.
constexpr auto lottery = [] {
    std::array<std::uint8_t, weights_total> made = {};
    std::size_t next = 0;
    for (const calls::CallRow& row : calls::call_rows)
        for (unsigned i = 0; i < calls::weight_of(row.number); ++i)
            made[next++] = std::uint8_t(row.number);
    return made;
}();

constexpr Rights rights_of_new(ObjectType type) {
    switch (type) {
        case ObjectType::env: return Rights::read | Rights::manage | Rights::end | Rights::copy;
        case ObjectType::frames:
            return Rights::read | Rights::write | Rights::execute | Rights::copy;
        case ObjectType::notification: return Rights::signal | Rights::wait | Rights::copy;
        case ObjectType::vcpu: return Rights::manage | Rights::signal | Rights::call | Rights::copy;
        case ObjectType::gate: return Rights::manage | Rights::call | Rights::copy;
        case ObjectType::slice: return Rights::manage | Rights::copy;
        default: return Rights::spend | Rights::reclaim | Rights::copy;
    }
}

/// What a call makes that returns a handle of something new.
constexpr ObjectType made_by(Call call) {
    switch (call) {
        case Call::account_create: return ObjectType::account;
        case Call::frames_alloc:
        case Call::frames_alloc_at:
        case Call::frames_split: return ObjectType::frames;
        case Call::env_create: return ObjectType::env;
        case Call::notification_create: return ObjectType::notification;
        case Call::vcpu_create: return ObjectType::vcpu;
        case Call::gate_create: return ObjectType::gate;
        case Call::slice_create: return ObjectType::slice;
        default: return ObjectType::none;
    }
}

}  // namespace

Call random_call(Choices& choices) {
    if (choices.percent(15)) return Call(choices.below(lamina::call_count));
    return Call(lottery[choices.below(lottery.size())]);
}

bool names_itself(const Actor& actor, std::uint64_t handle) {
    if (lamina::handle_slot(lamina::Handle(handle)) <= lamina::slots::self) return true;
    const Held* held = actor.holdings.find(std::uint32_t(handle));
    return held != nullptr && held->who == actor.who;
}

void tame(Call call, Words& words, Choices& choices) {
    constexpr std::uint64_t status_max = 255;
    if (call == Call::machine_power && words[1] <= lamina::power_reboot && words[2] <= status_max)
        words[1] += 2;
    if (call != Call::console_write) return;
    const bool quiet = words[1] - quiet_page < lamina::page_size ||
                       words[1] - unmapped_address < lamina::page_size ||
                       !lamina::in_user_half(words[1], 1);
    if (!quiet) words[1] = quiet_page;
    // Each byte takes the host some time.
    if (words[2] > 2 && !choices.percent(2)) words[2] = 1 + words[2] % 2;
}

std::uint32_t learn(Actor& actor, Actor* target, Call call, const Words& words, std::uint64_t value,
                    Choices& choices) {
    const auto handle = std::uint32_t(value);
    if (const ObjectType made = made_by(call); made != ObjectType::none)
        return actor.holdings.add({handle, made, std::uint32_t(rights_of_new(made)), nobody},
                                  choices);
    if (call == Call::frames_map) actor.add_map(words);
    if (call == Call::cap_drop) actor.holdings.forget(std::uint32_t(words[0]));
    if (call == Call::cap_derive) {
        const Held* source = actor.holdings.find(std::uint32_t(words[0]));
        // Something it has although nobody knows: not to be kept.
        if (source == nullptr) return handle;
        return actor.holdings.add({handle, source->type, std::uint32_t(words[1]), source->who},
                                  choices);
    }
    if (call != Call::cap_copy && call != Call::cap_move) return 0;
    const Held* const source = actor.holdings.find(std::uint32_t(words[1]));
    if (source == nullptr) return 0;
    const bool copied = call == Call::cap_copy;
    const Held given = {handle, source->type, copied ? std::uint32_t(words[2]) : source->rights,
                        source->who};
    if (!copied) actor.holdings.forget(std::uint32_t(words[1]));
    if (target == nullptr) return 0;
    const std::uint32_t evicted = target->holdings.add(given, choices);
    return target == &actor ? evicted : 0;
}

}  // namespace random_calls
