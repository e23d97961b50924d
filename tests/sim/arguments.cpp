// tests/sim/arguments.cpp - valid, forged, stale, foreign handles; likely numbers and boundaries.
#include "tests/sim/arguments.hpp"

#include <algorithm>

#include "lamina/layout.hpp"
#include "lamina/vcpu.hpp"
#include "tests/calls/argument_source.hpp"
#include "tests/sim/machine.hpp"

namespace sim {
namespace {

using exo::ObjectType;
using exo::page_size;
using exo::Rights;

/// Pages programs fight for: around an edge of 2 MiB, of 512 MiB and of 512 GiB, and at both ends
/// of user space.
constexpr std::uint64_t edges[] = {home + 0x20'0000, 0x2000'0000, 0x80'0000'0000};
constexpr std::uint64_t regions[] = {
    home,
    home,
    edges[0] - 4 * page_size,
    edges[1] - 4 * page_size,
    edges[2] - 4 * page_size,
    lamina::user_end - 7 * page_size,
    0,
};
constexpr std::uint32_t region_pages = 8;

constexpr std::uint32_t large_frames = exo::entry_frames(2);
/// Where frames for a page of 2 MiB begin, counted from the first one of a capability.
std::uint32_t large_offset(const exo::Capability& run) {
    return (large_frames - run.first % large_frames) % large_frames;
}
bool holds_large(const exo::Capability& run) {
    return run.type == ObjectType::frames && run.count >= large_frames + large_offset(run);
}

/// Whether nothing else refers to the run that a capability is for.
bool is_sole(const exo::Capability& held) {
    return held.type == ObjectType::frames && held.object->references == 1 &&
           covers(held.rights, Rights::copy);
}

}  // namespace

std::uint32_t ArgumentSource::handle_of(const exo::Env& caller, ObjectType type) {
    const auto found = pick(caller, [&](const exo::Capability& held) { return held.type == type; });
    return found ? std::uint32_t(found->name) : 0;
}

std::uint32_t ArgumentSource::any_handle(const exo::Env& caller) {
    const auto found = pick(caller, [](const exo::Capability&) { return true; });
    return found ? std::uint32_t(found->name) : 0;
}

std::uint32_t ArgumentSource::large_run(const exo::Env& caller) {
    const auto found = pick(caller, holds_large);
    return found ? std::uint32_t(found->name) : 0;
}

/// One environment, as the maker of its arguments sees it.
class ArgumentSource::Caller {
public:
    Caller(ArgumentSource& source, const exo::Env& env, const Memories& seen, std::uint64_t now_ns)
        : source_(&source), env_(&env), seen_(&seen), now_ns_(now_ns) {}

    Choices& choices() { return *source_->choices_; }
    std::uint64_t handle_of(ObjectType type) { return source_->handle_of(*env_, type); }
    std::uint64_t any_handle() { return source_->any_handle(*env_); }
    std::uint64_t remembered_handle() {
        return seen_->handles[choices().below(seen_->handles.size())];
    }
    std::uint64_t foreign_handle() {
        const auto envs = source_->view_->envs();
        return source_->any_handle(*envs[choices().below(envs.size())]);
    }
    std::uint64_t rights_of(std::uint64_t handle) {
        const auto slots = KernelView::slots(*env_);
        const std::uint32_t slot = lamina::handle_slot(lamina::Handle(handle));
        return slot < slots.size() ? std::uint64_t(slots[slot].rights) : 0;
    }
    std::uint64_t address(calls::Meaning meaning);
    calls::MappedPages mapped_pages() {
        const CallArguments& map = seen_->maps[choices().below(seen_->maps.size())];
        return {map[0], map[4], map[3]};
    }
    std::uint64_t cpu_count() const { return sim::cpu_count; }
    std::uint64_t now_ns() const { return now_ns_; }
    std::uint64_t env_id() {
        const auto envs = source_->view_->envs();
        return envs[choices().below(envs.size())]->id + (choices().percent(95) ? 0 : 1);
    }

private:
    ArgumentSource* source_;
    const exo::Env* env_;
    const Memories* seen_;
    std::uint64_t now_ns_;
};

std::uint64_t ArgumentSource::page_address(Choices& choices) {
    return regions[choices.below(std::size(regions))] + choices.below(region_pages) * page_size;
}

std::uint64_t ArgumentSource::Caller::address(calls::Meaning meaning) {
    if (meaning == calls::Meaning::page_address) return page_address(choices());
    if (meaning == calls::Meaning::area) {
        const std::uint64_t offset =
            choices().below(page_size / lamina::vcpu_area_alignment) * lamina::vcpu_area_alignment;
        return choices().percent(20) ? 0 : page_address(choices()) + offset % 0xc00;
    }
    if (meaning == calls::Meaning::output_page) return home + choices().below(4) * page_size;
    return choices().percent(90) ? home + choices().below(home_pages * page_size - 1024)
                                 : page_address(choices()) + choices().below(page_size);
}

CallArguments ArgumentSource::make(lamina::Call call, const exo::Env& caller, const Memories& seen,
                                   std::uint64_t now_ns, unsigned cpu) {
    cpu_ = cpu;
    Caller view(*this, caller, seen, now_ns);
    CallArguments made = calls::ArgumentSource(view).make(call);
    aim(call, caller, made, now_ns);
    return made;
}

/// Gives calls that chance alone would not let succeed what they need.
void ArgumentSource::aim(lamina::Call call, const exo::Env& caller, CallArguments& made,
                         std::uint64_t now_ns) {
    using lamina::Call;
    const bool large = frame_count == frame_count_large;
    switch (call) {
        case Call::frames_alloc:
            if (large && choices_->percent(5))
                made[1] = large_frames << choices_->below(2);
            else if (choices_->percent(large ? 15 : 1))
                made[1] = 129 + choices_->below(10);
            return;
        case Call::frames_alloc_at:
            if (choices_->percent(70)) aim_at_free_frames(made);
            return;
        case Call::frames_map:
            if (large && choices_->percent(30)) aim_at_large_pages(caller, made);
            return;
        case Call::frames_unmap:
            if (large && choices_->percent(50)) return aim_at_small_page(caller, made);
            [[fallthrough]];
        case Call::frames_protect:
            if (!large || !choices_->percent(20)) return;
            if (choices_->percent(70)) made[0] = 0;
            made[1] = large_address();
            made[2] = large_frames;
            return;
        case Call::frames_split:
            if (const auto run = pick(
                    caller,
                    [](const exo::Capability& held) { return is_sole(held) && held.count > 1; });
                run && choices_->percent(80)) {
                made[0] = std::uint64_t(run->name);
                made[1] = 1 + choices_->below(run->count);
            }
            return;
        case Call::frames_merge:
            if (choices_->percent(80)) aim_at_neighbours(caller, made);
            return;
        case Call::account_reclaim:
            if (choices_->percent(50)) made[2] = 1 + choices_->below(40);
            [[fallthrough]];
        case Call::account_repossess:
            if (choices_->percent(80)) aim_at_payer(caller, made);
            return;
        case Call::account_end:
            if (choices_->percent(30)) made[1] = aim_at_payer(caller, made);
            return;
        case Call::frames_watch:
            if (!choices_->percent(80)) return;
            made[1] = choices_->below(80);
            made[2] = made[1] + choices_->below(80);
            return;
        default: return aim_at_vcpus(call, caller, made, now_ns);
    }
}

std::uint64_t ArgumentSource::large_address() {
    return choices_->one_of(edges) - choices_->below(2) * exo::entry_span(2);
}

/// One or two pages of 2 MiB, next to an edge that small pages are mapped at.
void ArgumentSource::aim_at_large_pages(const exo::Env& caller, CallArguments& made) {
    const auto run = pick(caller, holds_large);
    if (!run) return;
    const std::uint32_t offset = large_offset(*run);
    const std::uint64_t fit = (run->count - offset) / large_frames;
    if (choices_->percent(50)) made[0] = 0;
    made[1] = std::uint64_t(run->name);
    made[2] = offset;
    made[3] = (1 + choices_->below(fit == 1 ? 1 : 2)) * large_frames;
    made[4] = large_address();
    made[5] = (choices_->percent(70) ? 3 : 1) | std::uint64_t(lamina::Protection::size_2m);
}

/// A page that is mapped, so that tables become empty where large pages want to be.
void ArgumentSource::aim_at_small_page(const exo::Env& caller, CallArguments& made) {
    for (unsigned tries = 0; tries < 16; ++tries) {
        const std::uint64_t address = page_address(*choices_);
        if (Tlb::walk(caller.space.root(), address, 1) == 0) continue;
        made[0] = 0;
        made[1] = address;
        made[2] = 1;
        return;
    }
}

/// Frames that are free, or were a moment ago.
void ArgumentSource::aim_at_free_frames(CallArguments& made) {
    // Single ones are not taken out of what a large page needs.
    const std::uint32_t most = std::min(frame_count, large_frames) - 1;
    std::uint64_t first = 1 + choices_->below(most);
    for (unsigned tries = 0; tries < 64 && KernelView::is_used(std::uint32_t(first)); ++tries)
        first = first % most + 1;
    made[1] = first;
    if (!choices_->percent(5)) return;
    made[1] = choices_->below(frame_count) / large_frames * large_frames;
    made[2] = large_frames;
}

/// Two capabilities for runs that follow each other.
void ArgumentSource::aim_at_neighbours(const exo::Env& caller, CallArguments& made) {
    std::uint64_t next = 0;
    const auto run = pick(caller, [&](const exo::Capability& held) {
        if (!is_sole(held)) return false;
        for (const SlotView& other : KernelView::slots(caller))
            if (is_sole(other) && other.first == held.first + held.count)
                next = std::uint64_t(other.name);
        return next != 0;
    });
    if (!run) return;
    made[0] = std::uint64_t(run->name);
    made[1] = next;
}

/// An account and an environment that pays from it, with the rights to ask memory back. Returns its
/// id.
std::uint64_t ArgumentSource::aim_at_payer(const exo::Env& caller, CallArguments& made) {
    std::uint64_t account = 0;
    const auto env = pick(caller, [&](const exo::Capability& held) {
        if (held.type != ObjectType::env || !covers(held.rights, Rights::manage)) return false;
        for (const SlotView& other : KernelView::slots(caller))
            if (other.type == ObjectType::account && covers(other.rights, Rights::reclaim) &&
                other.object == static_cast<const exo::Env&>(*held.object).account)
                account = std::uint64_t(other.name);
        return account != 0;
    });
    if (!env) return 0;
    made[0] = account;
    made[1] = std::uint64_t(env->name);
    return static_cast<const exo::Env&>(*env->object).id;
}

}  // namespace sim
