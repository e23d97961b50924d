// tests/sim/arguments.cpp - valid, forged, stale, foreign handles; likely numbers and boundaries.
#include "tests/sim/arguments.hpp"

#include "lamina/layout.hpp"
#include "lamina/vcpu.hpp"

namespace sim {
namespace {

using exo::ObjectType;
using exo::page_size;
using exo::Rights;

/// Pages programs fight for: around an edge of 2 MiB and of 512 GiB, and at the end of user space.
constexpr std::uint64_t regions[] = {
    home,
    home,
    home + 0x20'0000 - 4 * page_size,
    0x80'0000'0000 - 4 * page_size,
    lamina::user_end - 8 * page_size,
};
constexpr std::uint32_t region_pages = 8;

ObjectType type_named(std::string_view name) {
    if (name == "env") return ObjectType::env;
    if (name == "vcpu") return ObjectType::vcpu;
    if (name == "frames") return ObjectType::frames;
    if (name == "notification") return ObjectType::notification;
    if (name == "account") return ObjectType::account;
    if (name == "console") return ObjectType::console;
    if (name == "machine") return ObjectType::machine;
    return ObjectType::none;
}

}  // namespace

template <typename Wanted>
std::uint32_t ArgumentSource::pick(const exo::Env& env, Wanted wanted) {
    const auto slots = KernelView::slots(env);
    if (slots.empty()) return 0;
    const auto start = std::uint32_t(choices_->below(slots.size()));
    // Slots fill from the front: half the searches start among the first.
    const std::uint32_t from = choices_->percent(50) ? start % 32 : start;
    for (std::uint32_t i = 0; i < slots.size(); ++i) {
        const auto slot = std::uint32_t((from + i) % slots.size());
        if (slots[slot].used() && wanted(slots[slot]))
            return std::uint32_t(lamina::make_handle(slot, slots[slot].generation));
    }
    return 0;
}

std::uint32_t ArgumentSource::handle_of(const exo::Env& caller, ObjectType type) {
    return pick(caller, [&](const exo::Capability& held) { return held.type == type; });
}

std::uint32_t ArgumentSource::any_handle(const exo::Env& caller) {
    return pick(caller, [](const exo::Capability&) { return true; });
}

std::uint64_t ArgumentSource::handle(std::string_view name, const exo::Env& caller,
                                     const Memories& seen) {
    const std::uint64_t chance = choices_->below(100);
    if (chance < 82) {
        const ObjectType type = type_named(name);
        return type == ObjectType::none ? any_handle(caller) : handle_of(caller, type);
    }
    if (chance < 88) return any_handle(caller);
    if (chance < 92) return seen.handles[choices_->below(seen.handles.size())];
    if (chance < 95 && !view_->envs().empty()) {
        const auto envs = view_->envs();
        return any_handle(*envs[choices_->below(envs.size())]);
    }
    if (chance < 97) return any_handle(caller) + (choices_->percent(50) ? 0x1'0000 : -0x1'0000U);
    if (chance < 98) return any_handle(caller) | (1ULL << (32 + choices_->below(32)));
    if (chance < 99) return 0;
    return choices_->next() & 0xffff'ffff;
}

/// Mostly some of the rights that the handle given before allows.
std::uint64_t ArgumentSource::rights(std::uint64_t held) {
    const auto all = std::uint64_t(Rights::all);
    const std::uint64_t chance = choices_->below(100);
    if (chance < 40) return held;
    if (chance < 75) return held & choices_->next();
    if (chance < 85) return held & ~(1ULL << choices_->below(10));
    if (chance < 95) return choices_->next() & all;
    return chance < 97 ? all : choices_->next();
}

std::uint64_t ArgumentSource::protection() {
    static constexpr std::uint64_t likely[] = {1, 3, 5, 1, 3, 3, 2, 4, 7, 6, 0, 8};
    return choices_->percent(2) ? choices_->next() : likely[choices_->below(std::size(likely))];
}

std::uint64_t ArgumentSource::page_address(Choices& choices) {
    return regions[choices.below(std::size(regions))] + choices.below(region_pages) * page_size;
}

std::uint64_t ArgumentSource::address(std::string_view name) {
    if (choices_->percent(4))
        return mutation::extremes[choices_->below(std::size(mutation::extremes))];
    if (name == "address") return page_address(*choices_);
    if (name == "area") {
        const std::uint64_t offset =
            choices_->below(page_size / lamina::vcpu_area_alignment) * lamina::vcpu_area_alignment;
        return choices_->percent(20) ? 0 : page_address(*choices_) + offset % 0xc00;
    }
    return choices_->percent(90) ? home + choices_->below(home_pages * page_size - 1024)
                                 : page_address(*choices_) + choices_->below(page_size);
}

std::uint64_t ArgumentSource::word(std::string_view name, std::uint64_t now_ns) {
    if (choices_->percent(2))
        return mutation::extremes[choices_->below(std::size(mutation::extremes))];
    if (name == "count") {
        if (choices_->percent(5)) return lamina::pages_per_call_max + choices_->below(2);
        if (choices_->percent(60)) return 1;
        return choices_->below(choices_->percent(80) ? 5 : 20);
    }
    if (name == "first") return choices_->percent(75) ? 0 : choices_->below(6);
    if (name == "limit_frames") return choices_->below(12);
    if (name == "name_bytes") return choices_->percent(90) ? 1 + choices_->below(24) : 25;
    if (name == "cpu") return choices_->below(choices_->percent(90) ? 4 : 6);
    if (name == "slot") {
        if (choices_->percent(60)) return 0;
        return choices_->below(choices_->percent(90) ? 17 : 160);
    }
    if (name == "deadline_ns") {
        if (choices_->percent(10)) return lamina::no_wait;
        if (choices_->percent(5)) return lamina::wait_forever;
        return now_ns + choices_->below(5'000'000);
    }
    if (name == "bytes") return choices_->below(700);
    return choices_->below(choices_->percent(70) ? 4 : 512);
}

/// Calls that need mapped pages get some that the program has mapped once.
void ArgumentSource::aim_at_mapped(const CallShape& call, CallArguments& made,
                                   const Memories& seen) {
    if (call.name != "frames_unmap" && call.name != "frames_protect") return;
    const CallArguments& map = seen.maps[choices_->below(seen.maps.size())];
    if (map[3] == 0) return;
    made[0] = map[0];
    made[1] = map[4];
    made[2] = 1 + choices_->below(map[3]);
}

CallArguments ArgumentSource::make(const CallShape& call, const exo::Env& caller,
                                   const Memories& seen, std::uint64_t now_ns) {
    CallArguments made = {};
    std::uint64_t held = 0;
    for (unsigned i = 0; i < call.argument_count; ++i) {
        const ArgumentShape& shape = call.arguments[i];
        if (shape.kind == "handle") {
            made[i] = handle(shape.name, caller, seen);
            const auto slots = KernelView::slots(caller);
            const std::uint32_t slot = lamina::handle_slot(lamina::Handle(made[i]));
            held = slot < slots.size() ? std::uint64_t(slots[slot].rights) : 0;
        } else if (shape.kind == "rights")
            made[i] = rights(held);
        else if (shape.kind == "protection")
            made[i] = protection();
        else if (shape.kind == "word")
            made[i] = word(shape.name, now_ns);
        else
            made[i] = address(shape.name);
    }
    if (choices_->percent(60)) aim_at_mapped(call, made, seen);
    return made;
}

}  // namespace sim
